"""Gathering a data set into `originals`, and finding one that was gathered before.

The garden and own folders are gathered here; tf_flowers needs TensorFlow Datasets and so is gathered by the trainer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from flowerlab.datasets import import_folder as own_photos
from flowerlab.datasets.catalog import DATASETS, FOLDER_PREFIX
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.originals import Original, Originals, open_originals, write_originals
from flowerlab.errors import DatasetNotAtHand
from flowerlab.home import Home
from flowerlab.system.environment import folder_named_by
from flowerlab.system.locks import waiting_for

TF_FLOWERS_VERSION = "3.0.1"

Progress = Callable[[str, int, int], None]


def tfds_folder() -> Path:
    """Returns where TensorFlow Datasets keeps its data: `TFDS_DATA_DIR`, or its own default."""
    return folder_named_by("TFDS_DATA_DIR", Path("~/tensorflow_datasets"))


def tf_flowers_info() -> Path:
    """Returns the file whose presence says that TFDS has tf_flowers ready."""
    return tfds_folder() / "tf_flowers" / TF_FLOWERS_VERSION / "dataset_info.json"


def tf_flowers_originals(home: Home) -> Path:
    """Returns where tf_flowers is kept once it was gathered. A version is the same photos wherever it came from."""
    return home.originals / f"tf_flowers-{TF_FLOWERS_VERSION}"


def photos_identity(home: Home, dataset: str, garden: Garden) -> str:
    """Returns what tells the photos of a data set from others of its name, before they are gathered.

    An own folder may be deleted and another imported under its name, and the garden's size and difficulty are settings.

    Args:
        home: Where own folders are.
        dataset: Name, as in a recipe.
        garden: Which garden.
    """
    if dataset == "tf_flowers":
        # Whether it lies here already or is fetched first: it is the same.
        return f"tf_flowers-{TF_FLOWERS_VERSION}"
    folder = originals_folder(home, dataset, garden)
    return dataset if folder is None else folder.name


def originals_folder(home: Home, dataset: str, garden: Garden) -> Path | None:
    """Returns where a data set's photos are or will be kept; None for an own folder that is not in this lab.

    The name changes with the content, so that another garden, another version or another import is never taken for the
    one at hand. Nothing but this folder is needed to train: what it was gathered from may go.
    """
    if dataset == "garden":
        return home.originals / garden.content_name
    if dataset == "tf_flowers":
        return tf_flowers_originals(home)
    source = home.folders / dataset.removeprefix(FOLDER_PREFIX)
    if not source.is_dir():
        return None
    listing = hashlib.sha256()
    for path in sorted(source.rglob("*")):
        if path.is_file():
            listing.update(f"{path.relative_to(source).as_posix()}\0{path.stat().st_size}\0{path.stat().st_mtime_ns}\n".encode())
    return home.originals / f"folder-{hashlib.sha256(source.name.encode()).hexdigest()[:8]}-{listing.hexdigest()[:12]}"


def find_originals(home: Home, dataset: str, garden: Garden) -> Originals | None:
    """Returns a data set's photos if they were gathered before; else None."""
    folder = originals_folder(home, dataset, garden)
    return None if folder is None else open_originals(folder)


def gather(
    home: Home,
    dataset: str,
    garden: Garden,
    *,
    progress: Progress = lambda step, done, total: None,
    tf_flowers: Callable[[Path, Progress], Originals] | None = None,
) -> Originals:
    """Returns a data set's photos; draws, copies or fetches them if they are not there.

    Args:
        home: Where they are kept.
        dataset: Name, as in a recipe.
        garden: Which garden.
        progress: Called with (step, done, total); may raise to give up, which leaves nothing behind.
        tf_flowers: Fetches tf_flowers into a folder; given by the trainer, which has TensorFlow Datasets.

    Raises:
        DatasetNotAtHand: If the photos are not on this machine and cannot be fetched.
    """
    found = find_originals(home, dataset, garden)
    if found is not None:
        return found
    lock = home.locks / f"originals-{hashlib.sha256(dataset.encode()).hexdigest()[:16]}"
    with waiting_for(lock, check=lambda: progress("Gathering photos", 0, 0)):
        found = find_originals(home, dataset, garden)
        if found is not None:
            return found
        if dataset == "tf_flowers":
            if tf_flowers is None:
                raise DatasetNotAtHand("tf_flowers has not been gathered yet. Train on it once, or fetch it on the Data page.")
            return tf_flowers(home.originals, progress)
        folder = originals_folder(home, dataset, garden)
        if folder is None:
            name = dataset.removeprefix(FOLDER_PREFIX)
            raise DatasetNotAtHand(
                f"Your photos {name!r} are not in this lab. Expected an imported folder. Received: dataset={dataset!r}. "
                "Import the folder or zip on the Data page, or choose the garden."
            )
        return _write(home, dataset, folder, garden, progress)


def _write(home: Home, dataset: str, folder: Path, garden: Garden, progress: Progress) -> Originals:
    if dataset == "garden":
        # Read only now: the web process asks this module where things are at its start, and never draws.
        from flowerlab.datasets.garden.crew import crew_size
        from flowerlab.datasets.garden.pictures import originals

        drawn = originals(
            garden.pictures,
            seed=garden.seed,
            difficulty=garden.difficulty,
            processes=crew_size(garden.pictures),
            progress=lambda done, total: progress("Drawing the garden", done, total),
        )
        return write_originals(folder, DATASETS["garden"].classes, drawn)
    source = home.folders / dataset.removeprefix(FOLDER_PREFIX)
    about = own_photos.describe(source)

    def counted() -> Iterator[Original]:
        for done, photo in enumerate(own_photos.originals(source)):
            progress("Gathering photos", done, about.photos)
            yield photo

    return write_originals(folder, about.classes, counted())
