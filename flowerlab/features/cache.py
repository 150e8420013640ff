"""Kept features: what frozen layers made of photos, on disk. Found, checked, bounded and freed without TensorFlow.

A set is one folder, named by its key: `features.npy` and `about.json`, which says what it is and the CRC-32 of the array.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from flowerlab.features.precision import Precision
from flowerlab.home import Home
from flowerlab.system.files import replace_file, written_whole
from flowerlab.system.locks import ProcessLock, waiting_for
from flowerlab.system.safe_arrays import map_npy

# Raise it when sets of before must not be read any more.
FORMAT = 2
ARRAY, ABOUT = "features.npy", "about.json"
# How many bytes a set will have; there while it is written.
PLANNED = "planned"
LIMIT_BYTES = 8e9
# Of the free disk, where that is less than the limit.
FREE_SHARE = 0.1
CHECKED_AT_ONCE_BYTES = 1 << 24
# The array's own header.
HEADER_BYTES = 128
LOG = logging.getLogger(__name__)

Features = NDArray[np.float16] | NDArray[np.float32]


class NoRoom(Exception):
    """The set is larger than all kept features together may be."""


class About(BaseModel):
    """What a set is.

    Args:
        prepared: Key of the photos.
        architecture: Name of the backbone.
        cut: The features are the output of the layer right before this index.
        precision: Of the pass through the frozen layers.
        exact: Whether it was asked for in float32.
        views: How the photos were changed before, see `views_name`; empty if they were not.
        shape: Of the array.
        origins: Names of starting weights whose frozen layers are these.
        crc32: Of the array's bytes, without the file's header.
        format: Of the folder.
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
        key: Its name.
        about: What it is.
        bytes: Of its files.
        used_s: Unix time of its last use.
    """

    key: str
    about: About
    bytes: int
    used_s: float


class KeptFeatures:
    """All sets of one home.

    Args:
        home: Whose.
        limit_gb: Of all sets together (10⁹ bytes); None: 8, or a tenth of the disk that is free without them, if that is less.
    """

    def __init__(self, home: Home, limit_gb: float | None = None) -> None:
        self._home = home
        self._limit_bytes = None if limit_gb is None else limit_gb * 1e9

    def all(self) -> list[Kept]:
        """Returns every set that says what it is, the least recently used first."""
        found = []
        for path in self._home.features.glob(f"[!.]*/{ABOUT}"):
            about = read_about(path.parent)
            if about is None:
                continue
            try:
                found.append(Kept(path.parent.name, about, _size(path.parent), path.stat().st_mtime))
            except OSError:
                # It goes just now.
                continue
        return sorted(found, key=lambda kept: kept.used_s)

    @property
    def limit_bytes(self) -> float:
        """How much all sets together may take."""
        if self._limit_bytes is not None:
            return self._limit_bytes
        kept = sum(one.bytes for one in self.all())
        return min(LIMIT_BYTES, FREE_SHARE * (shutil.disk_usage(self._home.features).free + kept))

    def cuts(
        self,
        prepared: str,
        architecture: str,
        precision: Precision,
        origin: str,
        *,
        exact: bool = False,
        views: str = "",
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

    def open(self, key: str, shape: tuple[int, ...], origin: str = "") -> Features | None:
        """Returns a set, memory-mapped; None if it is not here. One that is damaged, or no such set, is thrown away.

        Args:
            key: Of the set. The caller holds it, see `held`.
            shape: That it must have.
            origin: Noted as one more name of the weights, if given.
        """
        folder = self._home.features / key
        if not folder.exists():
            return None
        about = read_about(folder)
        problem = "it does not say what it is" if about is None else self._problem(folder, about, shape)
        if problem is not None:
            LOG.warning("The kept features %s are thrown away and made anew: %s.", key, problem)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        assert about is not None
        # Notes for later: where they cannot be written, the features are as good.
        with contextlib.suppress(OSError):
            if origin and origin not in about.origins:
                about = about.model_copy(update={"origins": (*about.origins, origin)})
                replace_file(folder / ABOUT, about.model_dump_json().encode())
            os.utime(folder / ABOUT)
        features: Features = map_npy(folder / ARRAY)
        return features

    def _problem(self, folder: Path, about: About, shape: tuple[int, ...]) -> str | None:
        try:
            array = map_npy(folder / ARRAY)
        except ValueError as error:
            return str(error)
        if array.shape != shape or about.shape != shape or array.dtype not in (np.float16, np.float32):
            return f"it has the form {array.dtype}{array.shape}, expected was {shape}"
        if checksum(array) != about.crc32:
            return "its bytes are not those that were written"
        return None

    @contextmanager
    def making(self, key: str, about: About, dtype: DTypeLike) -> Iterator[Callable[[NDArray[Any]], None]]:
        """Gives what writes the next rows of a new set; the set is there when the block ends well.

        Raises:
            NoRoom: If it is larger than all sets together may be.
            OSError: If the disk is full or cannot be written.
        """
        size_bytes = int(np.prod(about.shape)) * np.dtype(dtype).itemsize + HEADER_BYTES
        with ExitStack() as stack:
            with waiting_for(self._home.locks / "features-room"):
                self._make_room(key, size_bytes)
                scratch = stack.enter_context(written_whole(self._home.features / key))
                # Whoever makes room next counts what this set will take, not what of it is there by then.
                (scratch / PLANNED).write_text(str(size_bytes), encoding="ascii")
            crc, written = 0, 0
            # Written, not mapped: on a full disk a write is an error, a mapped page would kill the process.
            with (scratch / ARRAY).open("wb") as file:
                described = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
                np.lib.format.write_array_header_1_0(file, {**described, "shape": about.shape})

                def write(rows: NDArray[Any]) -> None:
                    nonlocal crc, written
                    part = np.ascontiguousarray(rows, dtype=dtype).reshape(-1).view(np.uint8)
                    file.write(part.data)
                    crc, written = zlib.crc32(part.data, crc), written + len(rows)

                yield write
            if written != about.shape[0]:
                raise OSError(f"{written} of {about.shape[0]} rows were written.")
            said = about.model_copy(update={"crc32": crc})
            (scratch / ABOUT).write_text(said.model_dump_json(), encoding="utf-8")
            (scratch / PLANNED).unlink()

    def fits(self, size_bytes: float) -> bool:
        """Whether a set of this size may be kept at all, if need be in the place of others."""
        return size_bytes <= self.limit_bytes

    def _make_room(self, key: str, size_bytes: int) -> None:
        being_written = self._drop_dead(key)
        limit_bytes = self.limit_bytes
        if size_bytes > limit_bytes:
            raise NoRoom(f"{size_bytes / 1e6:,.0f} MB of features are more than the {limit_bytes / 1e6:,.0f} MB kept")
        kept = self.all()
        staying = being_written + sum(one.bytes for one in kept if self.used(one.key))
        if staying + size_bytes > limit_bytes:
            raise NoRoom(f"{size_bytes / 1e6:,.0f} MB of features find no room beside those in use")
        total = being_written + sum(one.bytes for one in kept)
        for one in kept:
            if total + size_bytes <= limit_bytes:
                return
            if self.free(one.key):
                total -= one.bytes

    def _drop_dead(self, key: str) -> int:
        """Deletes what nobody will read: sets that do not say what they are, parts that killed trainers left.

        Args:
            key: That the caller is about to write; it has its lock.

        Returns:
            Bytes that what others are writing now will take.
        """
        being_written = 0
        for folder in self._home.features.iterdir():
            if folder.name.startswith("."):
                its_key = folder.name.split(".")[1]
                if its_key == key or self._nobody_writes(its_key):
                    shutil.rmtree(folder, ignore_errors=True)
                else:
                    with contextlib.suppress(OSError):
                        being_written += max(_size(folder), _planned(folder))
            elif folder.is_dir() and read_about(folder) is None and not self.used(folder.name):
                LOG.warning("The folder %s holds no features that can be read; it is deleted.", folder)
                shutil.rmtree(folder, ignore_errors=True)
        return being_written

    def _nobody_writes(self, key: str) -> bool:
        lock = ProcessLock(self.lock_of(key))
        free = lock.acquire()
        lock.release()
        return free

    def lock_of(self, key: str) -> Path:
        """Returns the lock that whoever makes a set holds."""
        return self._home.locks / f"features-{key}"

    def free(self, key: str) -> bool:
        """Deletes a set that nobody uses; returns whether it is gone."""
        if self.used(key):
            return False
        LOG.info("The kept features %s are deleted.", key)
        shutil.rmtree(self._home.features / key, ignore_errors=True)
        return not (self._home.features / key).exists()

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
            # Somebody who looks whether the set is used may have taken the file, or away, before it was locked.
            if lock.acquire() and path.exists():
                return lock, path
            lock.release()

    def used(self, key: str) -> bool:
        """Whether somebody uses a set now."""
        for path in self._home.locks.glob(f"using-{key}-*"):
            lock = ProcessLock(path)
            if not lock.acquire():
                return True
            # Whoever made it is gone.
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
    """Returns what tells changed copies of training photos from others of the same photos.

    Args:
        how: Augmentation, see `flowerlab.photos.augmentation`.
        seed: Of the changes.
        copies: Of each photo.
        training: int64, (n,), positions of the training photos.
    """
    return f"{how}-{seed}-{copies}-{hashlib.sha256(training.tobytes()).hexdigest()[:12]}"


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _planned(folder: Path) -> int:
    """Returns how large a set that is being written will be; 0 if it does not say."""
    try:
        return int((folder / PLANNED).read_text("ascii"))
    except (OSError, ValueError):
        return 0


def checksum(array: NDArray[Any]) -> int:
    """Returns the CRC-32 of an array's bytes, read piece by piece."""
    flat = array.reshape(-1).view(np.uint8)
    crc = 0
    for begin in range(0, len(flat), CHECKED_AT_ONCE_BYTES):
        crc = zlib.crc32(flat[begin : begin + CHECKED_AT_ONCE_BYTES].data, crc)
    return crc
