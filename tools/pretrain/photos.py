"""Which photos our own models learn from, and which they never see.

Everyday photos come from a zip (`--photos`, see docs/models): `imagenette/` holds ten categories, distinguished by the first part
of the file's name, and 500 photos (`ILSVRC2012_val_…`) of unknown category; `samples/` holds one photo of each of 1,000
categories. Flower photos are tf_flowers' training photos of the honest split without its validation part, and are used without
their labels here.

Never trained on, by anything that Flowerlab ships: one whole category of imagenette (the one whose name has the smallest
SHA-256), the photos of unknown category, and 600 of the samples (the smallest SHA-256 of the name) of categories that nothing
else shows. 900 of that category and these 600 say how many things that are no flower the starter classifier turns away; the
photos of unknown category do not, for most of them look like the categories that it learnt from.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.splits import make_split

# The two of the 1,000 categories that are flowers.
FLOWERS = ("daisy", "yellow_lady's_slipper")
HELD_OUT_SAMPLES = 600
HELD_OUT_OF_CATEGORY = 900
VALIDATION_FRACTION = 0.2
CROPS_OF_EVERYDAY, CROPS_OF_FLOWER = 6, 24
ALTERED_OF_EVERYDAY, ALTERED_OF_FLOWER = 5, 16


@dataclass(frozen=True)
class EverydayPhotos:
    """Names of the photos in the zip, sorted.

    Args:
        training: May be trained on.
        held_out: 1,500 that never were, of categories of which nothing was trained on.
        spare: The other photos of the category of imagenette that is held out: to choose by, before the 1,500 are looked at.
    """

    training: tuple[str, ...]
    held_out: tuple[str, ...]
    spare: tuple[str, ...]


def digest(name: str) -> str:
    """Returns the hash by which photos and categories are chosen."""
    return hashlib.sha256(name.encode()).hexdigest()


def category(name: str) -> str:
    """Returns the category of a photo: `n01440764` for imagenette/n01440764_10026.JPEG."""
    return name.split("/")[1].split("_")[0]


def everyday_photos(names: list[str]) -> EverydayPhotos:
    """Parts the photos of the zip into those for training and those held out."""
    named = sorted(name for name in names if not name.endswith("/") and not any(flower in name for flower in FLOWERS))
    unknown = [name for name in named if category(name).startswith("ILSVRC2012")]
    known = [name for name in named if name.startswith("imagenette/") and name not in set(unknown)]
    categories = sorted({category(name) for name in known}, key=digest)
    held_category = [name for name in known if category(name) == categories[0]]
    # A sample of a category that imagenette has many photos of would be no new thing.
    samples = [name for name in named if name.startswith("samples/")]
    fresh = sorted((name for name in samples if category(name) not in categories), key=digest)[:HELD_OUT_SAMPLES]
    held = [*sorted(held_category, key=digest)[:HELD_OUT_OF_CATEGORY], *fresh]
    never = {*held, *unknown, *held_category, *(name for name in samples if category(name) == categories[0])}
    return EverydayPhotos(
        training=tuple(name for name in named if name not in never),
        held_out=tuple(sorted(held)),
        spare=tuple(sorted(set(held_category) - set(held))),
    )


def read_everyday(path: Path) -> tuple[zipfile.ZipFile, EverydayPhotos]:
    """Opens the zip and parts its photos."""
    archive = zipfile.ZipFile(path)
    return archive, everyday_photos(archive.namelist())


def flower_positions(flowers: Originals) -> list[int]:
    """Returns the positions of tf_flowers' training photos: honest split, without the validation part."""
    split = make_split(len(flowers), split="honest", validation_fraction=VALIDATION_FRACTION)
    return [int(position) for position in split.train]


def crop_sources(
    archive: zipfile.ZipFile, everyday: EverydayPhotos, flowers: Originals, *, alter: bool = False
) -> list[tuple[Callable[[], bytes], int]]:
    """Returns how each photo to learn from is read, and how many crops it gives: first everyday ones, then flowers.

    Args:
        archive: The zip with the everyday photos.
        everyday: Which of them may be trained on.
        flowers: tf_flowers.
        alter: Whether the crops will be altered: there are fewer of these.
    """
    of_everyday, of_flower = (ALTERED_OF_EVERYDAY, ALTERED_OF_FLOWER) if alter else (CROPS_OF_EVERYDAY, CROPS_OF_FLOWER)
    return [
        *((partial(archive.read, name), of_everyday) for name in everyday.training),
        *((partial(flowers.data, position), of_flower) for position in flower_positions(flowers)),
    ]
