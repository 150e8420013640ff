"""Photos that Flowerlab draws itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from flowerlab.datasets.garden import CLASSES, Garden
from flowerlab.datasets.originals import Original
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.system.progress import Progress


def garden_of(settings: Settings) -> Garden:
    """Returns which garden a lab with these settings has."""
    return Garden(pictures=settings.garden_pictures, difficulty=settings.garden_difficulty)


@dataclass(frozen=True)
class GardenSource:
    """A garden."""

    garden: Garden
    download_mb: ClassVar[int] = 0
    drawn_s: ClassVar[float] = 0.006
    photo_bytes: ClassVar[float] = 14e3
    keeps_order: ClassVar[bool] = False
    tfds_name: ClassVar[None] = None
    published: ClassVar[None] = None
    identity_pattern: ClassVar[str] = r"garden-v\d{1,6}-[\w.-]{1,80}"

    def identity(self, home: Home) -> str:
        return self.garden.content_name

    def classes(self, home: Home) -> tuple[str, ...]:
        return CLASSES

    def photos(self, home: Home) -> int:
        return self.garden.pictures

    def available(self, home: Home) -> bool:
        return True

    def originals(self, home: Home, progress: Progress) -> Iterator[Original]:
        # Read only now: the web process asks where things are at its start, and never draws.
        from flowerlab.datasets.garden.crew import crew_size
        from flowerlab.datasets.garden.pictures import originals

        return originals(
            self.garden.pictures,
            seed=self.garden.seed,
            difficulty=self.garden.difficulty,
            processes=crew_size(self.garden.pictures),
            progress=lambda done, total: progress("Drawing the garden", done, total),
        )
