"""What tests of taking a run home share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Originals
from flowerlab.lab import Lab
from flowerlab.settings import Settings

PICTURES = 50


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    """A lab that trains nothing."""
    opened = Lab(settings.model_copy(update={"garden_pictures": PICTURES}), run_queue=False)
    yield opened
    opened.close()


@pytest.fixture
def garden(lab: Lab) -> Originals:
    """A garden so small that one process draws it."""
    return gather(lab.home, "garden", lab.data.garden)
