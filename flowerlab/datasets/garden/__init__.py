"""The garden: a data set of five kinds of flowers that Flowerlab draws itself, so that the lab needs no network.

Here are the facts that distinguish gardens; nothing is drawn: the web process reads this at its start.
"""

from __future__ import annotations

from dataclasses import dataclass

# How many pictures show each class: as in the lecture's photos, tf_flowers.
SHARES = {"dandelion": 898, "daisy": 633, "tulips": 799, "sunflowers": 699, "roses": 641}
CLASSES, COUNT = tuple(SHARES), sum(SHARES.values())
# Raise it when the drawing gives other pixels.
LAYOUT_VERSION = 2
# Where recipe A comes nearest to its accuracy on real photos (docs/results.md, "How hard the garden is").
DEFAULT_DIFFICULTY = 0.15
DEFAULT_SIZE_PX = 192
SIZE_RANGE_PX = (32, 360)
JPEG_QUALITY = (68, 93)


@dataclass(frozen=True)
class Garden:
    """Which garden: everything that a setting decides about its pictures."""

    pictures: int = COUNT
    difficulty: float = DEFAULT_DIFFICULTY
    seed: int = 0

    @property
    def content_name(self) -> str:
        """A name that changes with everything that the pictures depend on; good for a folder."""
        low, high = JPEG_QUALITY
        return (
            f"garden-v{LAYOUT_VERSION}-{self.pictures}-seed{self.seed}-difficulty{float(self.difficulty)!r}-{DEFAULT_SIZE_PX}px"
            f"-q{low}-{high}"
        )
