"""Copies of the file: before it is brought up to date, where it may only be read, and out of the way when it is damaged."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from flowerlab.store.faults import doubted_mark, explained

# Its log and the index of that: SQLite takes them for those of the file beside which they lie.
BESIDE = ("-wal", "-shm")


def copy_settled(file: Path, target: Path) -> None:
    """Copies a database, with what its log holds, and has it reach the disk; the copy is there whole or not at all.

    Raises:
        StoreUnusable: If it cannot be read.
        OSError: If the copy cannot be written.
    """
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    os.close(handle)
    scratch = Path(name)
    try:
        _copy(file, scratch)
        with scratch.open("rb+") as written:
            os.fsync(written.fileno())
        scratch.replace(target)
    finally:
        scratch.unlink(missing_ok=True)


def _copy(file: Path, target: Path) -> None:
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with explained(file), closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        # One file: nobody shall have to know that a log belongs to it.
        copy.execute("PRAGMA journal_mode = DELETE")


def copy_to_look_at(file: Path, target: Path) -> None:
    """Copies a database that may only be read, byte by byte if SQLite cannot read it where it lies.

    Raises:
        OSError: If it cannot be read, or the copy cannot be written.
    """
    shutil.copyfile(file, target)
    log = file.with_name(file.name + BESIDE[0])
    if log.exists():
        shutil.copyfile(log, target.with_name(target.name + BESIDE[0]))


def put_aside(file: Path, day: str) -> Path:
    """Gives a damaged database, and its log, another name beside it, and returns that; nothing is overwritten.

    Raises:
        OSError: If it cannot be renamed.
    """
    number, aside = 1, file.with_name(f"{file.name}.damaged-{day}")
    while any(aside.with_name(aside.name + end).exists() for end in ("", *BESIDE)):
        number += 1
        aside = file.with_name(f"{file.name}.damaged-{day}-{number}")
    # The log first: one that is left behind would be taken for the log of the next file.
    for end in (*BESIDE, ""):
        part = file.with_name(file.name + end)
        if part.exists():
            part.rename(aside.with_name(aside.name + end))
    doubted_mark(file).unlink(missing_ok=True)
    return aside


def asides(file: Path) -> list[Path]:
    """Returns the damaged databases that were put aside, the oldest first."""
    found = file.parent.glob(f"{file.name}.damaged-*")
    return sorted(path for path in found if not path.name.endswith(BESIDE))


def with_logs(file: Path) -> list[Path]:
    """Returns a database's file and what SQLite keeps beside it, of these what is there."""
    beside = (file.with_name(file.name + end) for end in ("", *BESIDE))
    return [path for path in beside if path.is_file()]
