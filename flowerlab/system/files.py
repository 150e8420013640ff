"""Files written whole: a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def bytes_of(place: Path) -> int:
    """Returns how much a file, or a folder's files, take on the disk, in bytes; two names of one file count once."""
    files = {}
    for path in (place, *place.rglob("*")):
        with contextlib.suppress(OSError):
            about = path.lstat()
            files[about.st_dev, about.st_ino or str(path)] = about.st_size if path.is_file() else 0
    return sum(files.values())


def sync_file(path: Path) -> None:
    """Has a finished file reach the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Has the names in a folder reach the disk, where the system can do that (not on Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def scratch_beside(target: Path) -> Iterator[Path]:
    """Gives a temporary folder on the same disk, which vanishes with the block unless it was renamed.

    Args:
        target: What it may become; its parent must exist.
    """
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Gives a temporary folder that becomes `target` when the block ends well, and vanishes when it does not.

    Readers so see the whole folder or none. Who writes has looked first, and nobody else writes meanwhile: a folder that
    lies there all the same is damaged, and goes.

    Args:
        target: The folder to be; its parent must exist.
    """
    with scratch_beside(target) as scratch:
        yield scratch
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)


@contextmanager
def settled(path: Path) -> Iterator[IO[bytes]]:
    """Opens a new file whose bytes have reached the disk when the block ends well."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def replace_file(target: Path, data: bytes) -> None:
    """Writes `data` to `target` so that a reader sees the old file or the new one, never a part."""
    with replacement(target, data) as put:
        put()


@contextmanager
def replacement(target: Path, data: bytes) -> Iterator[Callable[[], object]]:
    """Writes `data` beside `target` until it has reached the disk, and gives what puts it into its place, which takes no time."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield functools.partial(scratch.replace, target)
    finally:
        scratch.unlink(missing_ok=True)
