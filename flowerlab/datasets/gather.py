"""Gathering a data set into `originals`, and finding one that was gathered before."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from flowerlab.datasets.catalog import dataset_source
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.originals import Original, Originals, open_originals, write_originals
from flowerlab.datasets.sources.tfds import TfdsSource
from flowerlab.home import Home
from flowerlab.system.locks import waiting_for
from flowerlab.system.progress import Progress


def gathering_lock(home: Home, dataset: str) -> Path:
    """Returns the lock that a process holds while it gathers a data set."""
    return home.locks / f"originals-{hashlib.sha256(dataset.encode()).hexdigest()[:16]}"


def find_originals(home: Home, dataset: str, garden: Garden) -> Originals | None:
    """Returns a data set's photos if they were gathered before; else None."""
    return open_originals(home.originals / dataset_source(dataset, garden).identity(home))


def gather(
    home: Home,
    dataset: str,
    garden: Garden,
    *,
    progress: Progress = lambda step, done, total: None,
    read_tfds: Callable[[TfdsSource, Progress], Iterable[Original]] | None = None,
) -> Originals:
    """Returns a data set's photos; draws, copies or fetches them if they are not there.

    Nothing but what it writes is needed to train: what the photos were gathered from may go.

    Args:
        progress: Called with (step, done, total); may raise to give up, which leaves nothing.
        read_tfds: Reads what TensorFlow Datasets knows, and fetches it first if need be; given by the trainer, which has that library.

    Raises:
        DatasetNotAtHand: If the photos are not on this machine and cannot be fetched.
    """
    found = find_originals(home, dataset, garden)
    if found is not None:
        return found
    with waiting_for(gathering_lock(home, dataset), check=lambda: progress("Gathering photos", 0, 0)):
        found = find_originals(home, dataset, garden)
        if found is not None:
            return found
        source = dataset_source(dataset, garden)
        if isinstance(source, TfdsSource) and read_tfds is not None:
            photos = read_tfds(source, progress)
        else:
            photos = source.originals(home, progress)
        return write_originals(home.originals / source.identity(home), source.classes(home), photos)
