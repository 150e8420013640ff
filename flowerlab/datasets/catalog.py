"""Which data sets there are: names, sizes, licences, sources."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from flowerlab.datasets.garden import CLASSES, COUNT
from flowerlab.errors import BadRecipe
from flowerlab.system.downloads import RemoteFile

FLOWERS: tuple[str, ...] = CLASSES
FOLDER_PREFIX = "folder:"
FOLDER_NAME = re.compile(r"[^\W_][\w .-]{0,59}")


@dataclass(frozen=True)
class DatasetEntry:
    """One data set that comes with the lab or can be fetched.

    Args:
        name: As in a recipe.
        title: For people.
        sentence: What it is, for a pupil.
        classes: In label order.
        photos: How many there are in full.
        archive: What is fetched; None if nothing is.
        licence: Of the photos.
        source: Where they come from.
        keeps_order: Whether the data set's own order is kept; otherwise photos are put in a seeded, stratified order.
    """

    name: str
    title: str
    sentence: str
    classes: tuple[str, ...]
    photos: int
    archive: RemoteFile | None
    licence: str
    source: str
    keeps_order: bool

    @property
    def download_mb(self) -> int:
        """Size of the download in MB (10⁶ bytes); 0 if nothing is fetched."""
        return round(self.archive.megabytes) if self.archive else 0


# Size and SHA-256 are those that TensorFlow Datasets 4.9.10 checks (its datasets/tf_flowers/checksums.tsv). It gives the
# address http://download.tensorflow.org/…, which is this one without encryption.
FLOWER_PHOTOS = RemoteFile(
    "flower_photos.tgz",
    "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    228_813_984,
    "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
)

DATASETS: dict[str, DatasetEntry] = {
    "garden": DatasetEntry(
        name="garden",
        title="Garden",
        sentence="Five kinds of flowers, drawn by Flowerlab itself. Needs no network.",
        classes=FLOWERS,
        photos=COUNT,
        archive=None,
        licence="Apache-2.0, like Flowerlab",
        source="flowerlab/datasets/garden",
        keeps_order=False,
    ),
    "tf_flowers": DatasetEntry(
        name="tf_flowers",
        title="tf_flowers",
        sentence="3,670 photos of five kinds of flowers: the lecture's data set.",
        classes=FLOWERS,
        photos=3670,
        archive=FLOWER_PHOTOS,
        licence="CC BY 2.0, by many photographers",
        source="The TensorFlow team, “Flowers” (2019), through TensorFlow Datasets",
        keeps_order=True,
    ),
}


def check_dataset_name(value: str) -> str:
    """Returns the name if a recipe may bear it: one of `DATASETS`, or `folder:NAME`.

    Raises:
        BadRecipe: If not.
    """
    if value in DATASETS:
        return value
    if value.startswith(FOLDER_PREFIX) and FOLDER_NAME.fullmatch(value.removeprefix(FOLDER_PREFIX)):
        return value
    near = difflib.get_close_matches(value[:80], DATASETS, n=1)
    advice = f"Did you mean {near[0]}?" if near else "Import your own photos on the Data page first."
    raise BadRecipe("dataset", f"must be {', '.join(DATASETS)} or folder:NAME.", received=value, advice=advice)


def dataset_title(name: str) -> str:
    """Returns what people call a data set."""
    return DATASETS[name].title if name in DATASETS else name.removeprefix(FOLDER_PREFIX)
