"""Photos that Flowerlab draws itself."""

from __future__ import annotations

from flowerlab.datasets.garden import Garden
from flowerlab.settings import Settings


def garden_of(settings: Settings) -> Garden:
    """Returns which garden a lab with these settings has."""
    return Garden(pictures=settings.garden_pictures, difficulty=settings.garden_difficulty)
