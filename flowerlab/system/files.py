"""Files and folders written whole (a reader sees the old one or the new one, never a part), their sizes and hashes."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from flowerlab.errors import BadInput, legible


def bytes_of(place: Path) -> int:
    """Returns how much a file, or a folder's files, take on the disk, in bytes; two names of one file count once."""
    files = {}
    for path in (place, *place.rglob("*")):
        with contextlib.suppress(OSError):
            about = path.lstat()
            files[about.st_dev, about.st_ino or str(path)] = about.st_size if path.is_file() else 0
    return sum(files.values())


def digest_of(path: Path, name: str = "sha256") -> str:
    """Returns the hash of a file's content in hexadecimal; the name as `hashlib` has it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


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
    """Gives a temporary folder on the disk of `target`, whose parent must exist; it vanishes with the block unless it was renamed."""
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Gives a temporary folder that becomes `target` when the block ends well, and vanishes when it does not.

    The caller holds the lock of `target` and has found it missing or damaged: a folder that lies there all the same is deleted.
    """
    with scratch_beside(target) as scratch:
        yield scratch
        shutil.rmtree(target, ignore_errors=True)
        scratch.rename(target)


@contextmanager
def durable_file(path: Path) -> Iterator[IO[bytes]]:
    """Opens a new file whose bytes have reached the disk when the block ends well."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def replace_file(target: Path, data: bytes) -> None:
    """Writes `data` to `target`, whole."""
    with replacement(target, data) as put:
        put()


@contextmanager
def replacement(target: Path, data: bytes) -> Iterator[Callable[[], object]]:
    """Writes `data` beside `target` until it has reached the disk, and gives a function that puts it in place, which takes no time."""
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


def check_new_file(target: Path, kind: type[BadInput], *, instead: str, force: bool = False) -> None:
    """Checks that a file can be made there, before what shall stand in it is computed or fetched.

    Args:
        kind: Raised, with a sentence, if it cannot.
        instead: What else than to choose another name one may do if there is a file already.
        force: Whether that may be replaced.
    """
    received = f"Received: {legible(str(target))}."
    try:
        is_dir, taken, has_place = target.is_dir(), target.exists(), target.parent.is_dir()
    except OSError as error:
        raise kind(f"No file can be made there ({error.strerror}). {received} Choose another name.") from None
    if is_dir:
        raise kind(f"There is a folder of this name. Expected a file. {received} Choose another name.")
    if taken and not force:
        raise kind(f"There is a file of this name already. {received} Choose another name, or {instead}.")
    if not has_place:
        raise kind(f"There is no such folder. Expected one that exists. {received} Check the path.")
