"""A data set as it came: every photo's own bytes in one file, with an index.

Whatever a data set is (drawn, downloaded, or a folder), it is gathered once into this form. From here on the lab knows only
ids, labels and encoded photos, and needs no TensorFlow to show or resize them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.system.files import written_whole

FORMAT = 1


@dataclass(frozen=True)
class Original:
    """One photo as it came.

    Args:
        id: Names the photo within its data set; stable from run to run.
        data: The encoded photo (JPEG, PNG, WebP or HEIC).
    """

    id: str
    label: int
    data: bytes


@dataclass(frozen=True)
class Originals:
    """All photos of a data set, on disk.

    Args:
        classes: Names of the classes, in label order.
        ids: Ids of the photos, in the data set's order.
        labels: int64, (photos,), class index of each.
        offsets: int64, (photos + 1,), where each photo begins in the file.
        digests: SHA-256 of each photo's bytes, in hexadecimal.
        content: One hash over ids, labels and photos: equal content, equal hash.
    """

    folder: Path
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    labels: NDArray[np.int64]
    offsets: NDArray[np.int64]
    digests: tuple[str, ...]
    content: str

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _bytes(self) -> NDArray[np.uint8]:
        return np.memmap(self.folder / "photos.bin", dtype=np.uint8, mode="r")

    @cached_property
    def positions(self) -> dict[str, int]:
        """Where each id stands, 0-based, in the data set's order."""
        return {photo_id: position for position, photo_id in enumerate(self.ids)}

    def data(self, position: int) -> bytes:
        """Returns the encoded photo at `position` (0-based, in the data set's order)."""
        return self._bytes[self.offsets[position] : self.offsets[position + 1]].tobytes()


def write_originals(folder: Path, classes: Sequence[str], photos: Iterable[Original]) -> Originals:
    """Writes photos into `folder`, whole or not at all.

    Args:
        classes: Names of the classes, in label order.
        photos: The photos in the data set's order.

    Returns:
        The photos, opened.
    """
    ids: list[str] = []
    labels: list[int] = []
    offsets = [0]
    digests: list[str] = []
    with written_whole(folder) as scratch:
        with (scratch / "photos.bin").open("wb") as file:
            for photo in photos:
                file.write(photo.data)
                ids.append(photo.id)
                labels.append(photo.label)
                offsets.append(offsets[-1] + len(photo.data))
                digests.append(hashlib.sha256(photo.data).hexdigest())
        about = {
            "format": FORMAT,
            "classes": list(classes),
            "ids": ids,
            "labels": labels,
            "offsets": offsets,
            "digests": digests,
            "content": hash_content(classes, ids, labels, digests),
        }
        (scratch / "index.json").write_text(json.dumps(about), encoding="utf-8")
    opened = open_originals(folder)
    if opened is None:
        raise OSError(f"The photos just written to {folder} cannot be read back.")
    return opened


def open_originals(folder: Path) -> Originals | None:
    """Opens what `write_originals` made; None if it is not there or damaged."""
    try:
        about = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        size = (folder / "photos.bin").stat().st_size
    except (OSError, ValueError, RecursionError):
        return None
    if about.get("format") != FORMAT or about["offsets"][-1] != size:
        return None
    return Originals(
        folder=folder,
        classes=tuple(about["classes"]),
        ids=tuple(about["ids"]),
        labels=np.asarray(about["labels"], dtype=np.int64),
        offsets=np.asarray(about["offsets"], dtype=np.int64),
        digests=tuple(about["digests"]),
        content=about["content"],
    )


def verify_originals(folder: Path) -> Originals | None:
    """Opens what `write_originals` made after reading all of it; None if anything does not agree.

    For photos that came from another computer: index, photos and hashes must be one.
    """
    try:
        opened = open_originals(folder)
        if opened is None:
            return None
        count = len(opened.ids)
        offsets = opened.offsets.tolist()
        whole = (
            count > 0
            and all(isinstance(text, str) for text in (*opened.ids, *opened.digests, *opened.classes))
            and len(set(opened.ids)) == count
            and opened.labels.shape == (count,)
            and int(opened.labels.min()) >= 0
            and int(opened.labels.max()) < len(opened.classes)
            and opened.offsets.shape == (count + 1,)
            and offsets == sorted(offsets)
            and offsets[0] == 0
            and opened.content == hash_content(opened.classes, opened.ids, opened.labels.tolist(), opened.digests)
            and all(hashlib.sha256(opened.data(position)).hexdigest() == digest for position, digest in enumerate(opened.digests))
        )
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError, OSError):
        # An index that is JSON, but not ours.
        return None
    return opened if whole else None


def hash_content(classes: Sequence[str], ids: Sequence[str], labels: Sequence[int], digests: Sequence[str]) -> str:
    """Returns one SHA-256 over all that a data set holds, in its order."""
    whole = hashlib.sha256(json.dumps(list(classes)).encode())
    for photo_id, label, digest in zip(ids, labels, digests, strict=True):
        whole.update(f"{photo_id}\0{label}\0{digest}\n".encode())
    return whole.hexdigest()
