"""The garden: a data set of five kinds of flowers that Flowerlab draws itself, so that the lab needs no network.

What is here tells one garden from another and draws nothing: the web process reads it at its start.
"""

from __future__ import annotations

from flowerlab.datasets.catalog import DATASETS, FLOWERS

CLASSES: tuple[str, ...] = FLOWERS
COUNT = DATASETS["garden"].photos
# Raise it when the drawing gives other pixels.
LAYOUT_VERSION = 2
DEFAULT_DIFFICULTY = 0.25
DEFAULT_SIZE_PX = 192
SIZE_RANGE_PX = (32, 360)
JPEG_QUALITY = (68, 93)
# How many of COUNT pictures show each class: as in tf_flowers.
SHARES = {"dandelion": 898, "daisy": 633, "tulips": 799, "sunflowers": 699, "roses": 641}


def content_name(count: int = COUNT, *, seed: int = 0, difficulty: float = DEFAULT_DIFFICULTY) -> str:
    """Returns a name for a garden that changes with everything that its pictures depend on; good for a folder."""
    low, high = JPEG_QUALITY
    return f"garden-v{LAYOUT_VERSION}-{count}-seed{seed}-difficulty{difficulty:g}-{DEFAULT_SIZE_PX}px-q{low}-{high}"
