"""Prepared photos: one data set at one size, as a memory-mapped array, made once.

Every recipe with the same data set, size and resize mode shares one array; splits are positions in it.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import digests_in, order_of
from flowerlab.datasets.splits import Split, make_split
from flowerlab.home import Home
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.system.cpu import threads_here
from flowerlab.system.files import written_whole
from flowerlab.system.locks import waiting_for
from flowerlab.system.progress import Progress
from flowerlab.system.safe_arrays import map_npy, new_npy

# Raise it when the resize code gives other pixels.
FORMAT = 1
CHUNK = 64


@dataclass(frozen=True)
class Prepared:
    """A data set at one size, in the order in which it is split.

    Args:
        key: Equal for equal content, size and resize mode.
        photos: uint8, (n, height, width, 3), RGB, memory-mapped.
        labels: int64, (n,).
        digests: (n,), hashes of the original bytes; None if the data set keeps its own order.
    """

    key: str
    photos: NDArray[np.uint8]
    labels: NDArray[np.int64]
    ids: tuple[str, ...]
    digests: tuple[str, ...] | None
    classes: tuple[str, ...]

    def split(self, split: str, validation_fraction: float) -> Split:
        """Cuts the photos into train, validation and test; see `make_split`."""
        return make_split(len(self.ids), split=split, validation_fraction=validation_fraction, digests=self.digests)


def prepare(
    home: Home,
    originals: Originals,
    dataset: str,
    *,
    image_size: int,
    resize: str,
    progress: Progress = lambda step, done, total: None,
) -> Prepared:
    """Returns the photos of a data set at one size; makes them if they are not there.

    Args:
        progress: Called with (step, done, total); may raise to give up, which leaves nothing.
    """
    order = order_of(originals, dataset)
    key = prepared_key(originals, order, dataset, image_size, resize)
    folder = home.prepared / key
    photos = _open(folder, len(order), image_size)
    if photos is None:
        with waiting_for(home.locks / f"prepared-{key}", check=lambda: progress("Resizing photos", 0, len(order))):
            photos = _open(folder, len(order), image_size)
            if photos is None:
                _write(folder, originals, order, image_size, resize, progress)
                photos = _open(folder, len(order), image_size)
    if photos is None:
        raise OSError(f"The photos just written to {folder} cannot be read back.")
    return Prepared(
        key=key,
        photos=photos,
        labels=originals.labels[order],
        ids=tuple(originals.ids[position] for position in order),
        digests=digests_in(order, originals, dataset),
        classes=originals.classes,
    )


def prepared_key(originals: Originals, order: NDArray[np.int64], dataset: str, image_size: int, resize: str) -> str:
    """Returns the key of a data set, in the order in which it is cut, at one size; see `Prepared`."""
    return hashlib.sha256(
        json.dumps([FORMAT, originals.content, dataset, image_size, resize]).encode() + order.tobytes()
    ).hexdigest()[:24]


def is_prepared(home: Home, key: str) -> bool:
    """Whether a data set lies ready at one size."""
    return (home.prepared / key / "photos.npy").is_file()


def _open(folder: Path, count: int, image_size: int) -> NDArray[np.uint8] | None:
    try:
        photos: NDArray[np.uint8] = map_npy(folder / "photos.npy")
    except ValueError:
        return None
    good = photos.shape == (count, image_size, image_size, 3) and photos.dtype == np.uint8
    return photos if good else None


def _write(folder: Path, originals: Originals, order: NDArray[np.int64], image_size: int, resize: str, progress: Progress) -> None:
    total = len(order)

    def load(position: int) -> NDArray[np.uint8]:
        return resize_photo(read_photo(originals.data(position), originals.ids[position]), image_size, resize)

    with written_whole(folder) as scratch, ThreadPoolExecutor(max_workers=threads_here()) as pool:
        with new_npy(scratch / "photos.npy", np.uint8, (total, image_size, image_size, 3)) as append:
            for begin in range(0, total, CHUNK):
                progress("Resizing photos", begin, total)
                for photo in pool.map(load, order[begin : begin + CHUNK].tolist()):
                    append(photo[None])
        (scratch / "about.json").write_text(json.dumps({"content": originals.content, "resize": resize}), encoding="utf-8")
        progress("Resizing photos", total, total)
