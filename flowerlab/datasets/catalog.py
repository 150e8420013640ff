"""Which data sets there are. Another one of TensorFlow Datasets is one more entry here."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flowerlab.datasets.archive import Archive
from flowerlab.datasets.folder_checks import FOLDER_NAME
from flowerlab.datasets.garden import CLASSES, Garden
from flowerlab.datasets.sources.folder import FOLDER_PREFIX, FolderSource
from flowerlab.datasets.sources.garden import GardenSource
from flowerlab.datasets.sources.source import Source
from flowerlab.datasets.sources.tfds import TfdsSource
from flowerlab.errors import BadRecipe
from flowerlab.system.downloads import RemoteFile

FLOWERS: tuple[str, ...] = CLASSES


@dataclass(frozen=True)
class Dataset:
    """One data set that comes with the lab or can be fetched.

    Args:
        sentence: What it is, for a pupil.
        seen_by: Networks whose pretrained weights were made with these photos, without their labels, each with the share of the
            photos, from the first on, that were seen: a result with them must say so.
    """

    title: str
    sentence: str
    licence: str
    credit: str
    source: Source
    seen_by: Mapping[str, float] = field(default_factory=dict)


# Size and SHA-256 are those that TensorFlow Datasets 4.9.10 checks (its datasets/tf_flowers/checksums.tsv). It gives the
# address http://download.tensorflow.org/…, which is this one without encryption.
FLOWER_PHOTOS = RemoteFile(
    "flower_photos.tgz",
    "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz",
    228_813_984,
    "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
)

DATASETS: dict[str, Dataset] = {
    "garden": Dataset(
        title="Garden",
        sentence="Five kinds of flowers, drawn by Flowerlab itself. Needs no network.",
        licence="Apache-2.0, like Flowerlab",
        credit="flowerlab/datasets/garden",
        source=GardenSource(Garden()),
    ),
    "tf_flowers": Dataset(
        title="tf_flowers",
        sentence="3,670 photos of five kinds of flowers: the lecture's data set.",
        licence="CC BY 2.0, by many photographers",
        credit="The TensorFlow team, “Flowers” (2019), through TensorFlow Datasets",
        source=TfdsSource(
            "tf_flowers",
            "3.0.1",
            class_names=FLOWERS,
            count=3670,
            download_mb=round(FLOWER_PHOTOS.megabytes),
            archive=Archive(
                FLOWER_PHOTOS,
                url="http://download.tensorflow.org/example_images/flower_photos.tgz",
                stem="downl.tenso.org_examp_image_flowe_photo",
            ),
            keeps_order=True,
        ),
        # The training photos of the honest split without the last fifth (tools/pretrain/photos.py).
        seen_by={"vgg16_mini": 0.56},
    ),
}


def check_dataset_name(value: str) -> str:
    """Returns the name if a recipe may have it: one of `DATASETS`, or `folder:NAME`.

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


def dataset_source(name: str, garden: Garden | None = None) -> Source:
    """Returns where the photos of a data set come from.

    Args:
        name: As in a recipe. A name that the catalog does not have is that of own photos, which need not be here.
        garden: Which garden this lab has; None where that does not matter.
    """
    if name not in DATASETS:
        return FolderSource(name.removeprefix(FOLDER_PREFIX))
    source = DATASETS[name].source
    return GardenSource(garden) if garden is not None and isinstance(source, GardenSource) else source


def dataset_of_identity(identity: str) -> Dataset | None:
    """Returns the data set of the catalog that has, or had in another version, photos of this identity; None if none has."""
    return next((one for one in DATASETS.values() if re.fullmatch(one.source.identity_pattern, identity)), None)
