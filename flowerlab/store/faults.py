"""What can be wrong with the file, each as one sentence; and the connection whose errors are these."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flowerlab.errors import DiskFull, HomeReadOnly, HomeUnusable, StoreDamaged, StoreLocked, StoreUnusable, legible

LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH}
READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
# What SQLite says of a file whose tables are not those that it should have.
LOST = ("no such table", "no such column", "has no column named", "malformed", "Could not decode to UTF-8")
# Where SQLite names a table in its complaint, and the name is damaged too, Python cannot read the complaint.
FAULTS = (sqlite3.Error, UnicodeDecodeError)
# A disk with less than this is full: SQLite says no more than "disk I/O error" where the index of its log finds no room.
NO_ROOM_BYTES = 100_000


THE_LIST = "The list of runs, flowerlab.sqlite3 in FLOWERLAB_HOME,"
# What is wrong, and what people can do.
SENTENCES: dict[type[HomeUnusable], tuple[str, str]] = {
    StoreUnusable: (
        f"{THE_LIST} cannot be used.",
        "See that the disk is there and that the file can be read and written. Nothing was changed.",
    ),
    StoreDamaged: (
        f"{THE_LIST} is damaged.",
        "Close all windows and commands of Flowerlab and start it again: it puts the file aside and rebuilds the list from the folders "
        "of the runs.",
    ),
    StoreLocked: (
        "Another program holds the list of runs, flowerlab.sqlite3 in FLOWERLAB_HOME.",
        "It may be a program that shows databases, a backup or a virus scanner: close it or wait for it, and try again. Nothing was "
        "changed.",
    ),
    DiskFull: (
        "The disk is full: the list of runs, flowerlab.sqlite3 in FLOWERLAB_HOME, takes nothing more.",
        "Free some space and try again. What was there is whole.",
    ),
    HomeReadOnly: (f"{THE_LIST} may only be read.", "Set FLOWERLAB_HOME to a folder that you may write to. Nothing was changed."),
}


class Connection(sqlite3.Connection):
    """A connection to the database `file` whose errors are sentences, of reading rows too."""

    file: Path

    def __init__(self, *about: Any, **options: Any) -> None:
        super().__init__(*about, **options)
        # SQLite frees its memory under the hands of a thread that reads while another one closes.
        self._in_use = threading.RLock()

    def close(self) -> None:
        """Closes when no thread is in the middle of a statement."""
        with self._in_use:
            super().close()

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Returns all rows that a statement finds."""
        with self.explained():
            return super().execute(statement, values).fetchall()

    def first(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Returns the first row that a statement finds; None if it finds none."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Does something and returns how many rows it changed."""
        with self.explained():
            return super().execute(statement, values).rowcount

    def change_each(self, statement: str, values: Sequence[Sequence[Any]]) -> None:
        """Does something once for each of these values."""
        with self.explained():
            super().executemany(statement, values)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what SQLite says into sentences for the length of a block."""
        with self._in_use, explained(self.file):
            try:
                yield
            except FAULTS as error:
                if is_damage(error):
                    doubt(self.file)
                raise


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """Turns what SQLite says of a file into sentences for the length of a block."""
    try:
        yield
    except FAULTS as error:
        raise _error_of(file, error) from error


def doubted_mark(file: Path) -> Path:
    """Returns where the mark lies that a file seems damaged."""
    return file.with_name(f"{file.name}.doubted")


def doubt(file: Path) -> None:
    """Leaves the mark that a file seems damaged, so that it is looked at when it is next opened."""
    # A disk that takes no mark: the next who opens the file may meet the damage again.
    with suppress(OSError):
        doubted_mark(file).touch()


def is_damage(error: Exception) -> bool:
    """Whether it is the file's content that is wrong, not its surroundings."""
    return isinstance(error, UnicodeDecodeError) or _code(error) in DAMAGED or any(words in str(error) for words in LOST)


def _code(error: Exception) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _error_of(file: Path, error: Exception) -> HomeUnusable:
    code = _code(error)
    kind: type[HomeUnusable] = StoreDamaged if is_damage(error) else StoreUnusable
    if code in LOCKED:
        kind = StoreLocked
    elif code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_room(file)):
        kind = DiskFull
    elif code in READ_ONLY:
        kind = HomeReadOnly
    return fault(kind, str(error))


def _no_room(file: Path) -> bool:
    try:
        return shutil.disk_usage(file.parent).free < NO_ROOM_BYTES
    except OSError:
        return False


def newer(version: int, known: int) -> StoreUnusable:
    """Says that a newer Flowerlab wrote the file."""
    return StoreUnusable(
        f"{THE_LIST} is of a newer Flowerlab. Expected schema {known} or older. Received: schema {version}. Start that newer Flowerlab, "
        "or set FLOWERLAB_HOME to another folder. Nothing was changed."
    )


def fault(kind: type[HomeUnusable], what: str) -> HomeUnusable:
    """Returns the error of this kind: the file is damaged, held by another program, full, read-only, or cannot be used at all."""
    wrong, advice = SENTENCES[kind]
    return kind(f"{wrong} Received: {legible(what)}. {advice}")
