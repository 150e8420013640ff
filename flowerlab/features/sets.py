"""Kept sets of features on disk: what each says of itself, and whether it is in use.

A set is one folder, named by its key: `features.npy` and `about.json`, which says what it is and the CRC-32 of the array.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import shutil
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from flowerlab.features.precision import Precision
from flowerlab.home import Home
from flowerlab.system.locks import ProcessLock

# Raise it when older sets must not be read any more.
FORMAT = 2
ARRAY, ABOUT = "features.npy", "about.json"
CHECKED_AT_ONCE_BYTES = 1 << 24
LOG = logging.getLogger(__name__)


class About(BaseModel):
    """What a set is.

    Args:
        prepared: Key of the photos.
        cut: The features are the output of the layer right before this index.
        precision: Of the pass through the frozen layers.
        exact: Whether it was to be kept in float32.
        views: How the photos were changed before, see `views_name`; empty if they were not.
        origins: Names of starting weights whose frozen layers are these.
        crc32: Of the array's bytes, without the file's header.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prepared: str
    architecture: str
    cut: int
    precision: Precision
    exact: bool = False
    views: str = ""
    shape: tuple[int, ...]
    origins: tuple[str, ...]
    crc32: int = 0
    format: int = FORMAT


@dataclass(frozen=True)
class Kept:
    """One set on disk.

    Args:
        used_s: Unix time of its last use.
    """

    key: str
    about: About
    bytes: int
    used_s: float


class KeptSets:
    """All sets of one home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def all(self) -> list[Kept]:
        """Returns every set that says what it is, the least recently used first."""
        found = []
        for path in self._home.features.glob(f"[!.]*/{ABOUT}"):
            about = read_about(path.parent)
            if about is None:
                continue
            try:
                found.append(Kept(path.parent.name, about, folder_bytes(path.parent), path.stat().st_mtime))
            except OSError:
                # It goes just now.
                continue
        return sorted(found, key=lambda kept: kept.used_s)

    def cuts(
        self, prepared: str, architecture: str, precision: Precision, origin: str, *, exact: bool = False, views: str = ""
    ) -> set[int]:
        """Returns the cuts at which features of these photos and weights are kept, by what the sets say of themselves."""
        asked = (prepared, architecture, precision, exact, views)
        abouts = [kept.about for kept in self.all()]
        return {
            about.cut
            for about in abouts
            if (about.prepared, about.architecture, about.precision, about.exact, about.views) == asked and origin in about.origins
        }

    def has(self, key: str) -> bool:
        """Whether a set of this key is here; it may turn out to be damaged when it is opened."""
        return (self._home.features / key / ABOUT).is_file()

    def free(self, key: str) -> bool:
        """Deletes a set that is not in use; returns whether it is gone."""
        if self.used(key):
            return False
        LOG.info("The kept features %s are deleted.", key)
        shutil.rmtree(self._home.features / key, ignore_errors=True)
        return not (self._home.features / key).exists()

    def lock_of(self, key: str) -> Path:
        """Returns the lock that is held while a set is made."""
        return self._home.locks / f"features-{key}"

    def being_made(self, key: str) -> bool:
        """Whether a set is being made now."""
        lock = ProcessLock(self.lock_of(key))
        free = lock.acquire()
        lock.release()
        return not free

    @contextmanager
    def held(self, key: str) -> Iterator[None]:
        """Marks a set as in use for the length of a block, so that it is not deleted to make room."""
        lock, path = self._take_hold(key)
        try:
            yield
        finally:
            lock.release()
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _take_hold(self, key: str) -> tuple[ProcessLock, Path]:
        while True:
            path = self._home.locks / f"using-{key}-{uuid.uuid4().hex[:12]}"
            lock = ProcessLock(path)
            # A process that looks whether the set is used may have taken the file, or removed it, before it was locked.
            if lock.acquire() and path.exists():
                return lock, path
            lock.release()

    def used(self, key: str) -> bool:
        """Whether a set is in use now, in any process."""
        for path in self._home.locks.glob(f"using-{key}-*"):
            lock = ProcessLock(path)
            if not lock.acquire():
                return True
            # The process that made it is gone.
            lock.release()
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
        return False


def read_about(folder: Path) -> About | None:
    """Returns what a set says of itself; None if it says nothing that is understood here."""
    try:
        about = About.model_validate(json.loads((folder / ABOUT).read_bytes()))
    except (OSError, ValueError, ValidationError, RecursionError):
        return None
    return about if about.format == FORMAT else None


def views_name(how: str, seed: int, copies: int, training: NDArray[np.int64]) -> str:
    """Returns what distinguishes changed copies of training photos from others of the same photos.

    Args:
        how: Augmentation, see `flowerlab.photos.augmentation`.
        training: int64, (n,), positions of the training photos.
    """
    return f"{how}-{seed}-{copies}-{hashlib.sha256(training.tobytes()).hexdigest()[:12]}"


def folder_bytes(folder: Path) -> int:
    """Returns the size of a set's files."""
    return sum(file.stat().st_size for file in folder.iterdir())


def checksum(array: NDArray[Any]) -> int:
    """Returns the CRC-32 of an array's bytes, read piece by piece."""
    flat = array.reshape(-1).view(np.uint8)
    crc = 0
    for begin in range(0, len(flat), CHECKED_AT_ONCE_BYTES):
        crc = zlib.crc32(flat[begin : begin + CHECKED_AT_ONCE_BYTES].data, crc)
    return crc
