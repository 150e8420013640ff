"""Connections to one file: one a thread, opened again where another file has taken its place."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

from flowerlab.errors import HomeReadOnly, StoreLocked
from flowerlab.store.faults import Connection, doubt, explained, fault
from flowerlab.store.schema import bring_up_to_date, version_of

# How long a locked file is waited for: a page is drawn meanwhile.
BUSY_S = 10.0
# How a file is written. `log`: write-ahead logging. `journal`: without, for a network disk, on which the log's index cannot be shared.
# `never`: as a file of which nothing changes, and beside which nothing can be written.
Writing = Literal["log", "journal", "never"]
# What a connection keeps of the file. SQLite's own 2 MB for each of eight threads grow with the list, and what the system keeps for all of
# them serves as quickly: 1,000 runs are read within 12 ms with either.
CACHE_KIB = 256


class Connections:
    """The connections of all threads to one SQLite file, which is made if it is not there."""

    def __init__(self, file: Path, writing: Writing = "log") -> None:
        self.file = file
        self._writing: Writing = writing
        # Why nothing may be changed, as a sentence; empty if it may.
        self.read_only = ""
        self._local = threading.local()
        self._open: dict[threading.Thread, Connection] = {}
        self._guard = threading.Lock()
        self._identity: tuple[int, int] | None = None
        self.get()

    def doubt(self) -> None:
        """Leaves the mark that the file seems damaged."""
        doubt(self.file)

    def get(self) -> Connection:
        """Returns this thread's connection.

        Raises:
            StoreUnusable: If there is none to be had.
        """
        # Held on to: `close` puts another one in its place.
        local = self._local
        connection: Connection | None = getattr(local, "connection", None)
        identity = _identity(self.file)
        if connection is not None and local.identity == identity:
            return connection
        if connection is not None:
            # Put aside by another process, or put back by hand: what is written into the old file would be lost.
            self._forget()
        connection = self._connect(new=self._identity is None)
        local.identity = self._identity = _identity(self.file)
        local.connection = connection
        with self._guard:
            # A web page is drawn by another thread each time; what their connections hold open must not add up.
            for thread in [thread for thread in self._open if not thread.is_alive()]:
                self._open.pop(thread).close()
            self._open[threading.current_thread()] = connection
        return connection

    def _connect(self, *, new: bool) -> Connection:
        mode = "mode=ro&immutable=1" if self._writing == "never" else "mode=rwc" if new else "mode=rw"
        with explained(self.file):
            # Closed by `close` from another thread, which sqlite3 forbids by default.
            connection = sqlite3.connect(
                f"{self.file.absolute().as_uri()}?{mode}",
                uri=True,
                timeout=BUSY_S,
                isolation_level=None,
                check_same_thread=False,
                factory=Connection,
            )
        connection.file = self.file
        connection.row_factory = sqlite3.Row
        try:
            # First of all: a newer Flowerlab's file is left as it is.
            _patiently(lambda: version_of(connection))
            connection.change(f"PRAGMA cache_size = -{CACHE_KIB}")
            if self._writing != "never":
                self._choose_writing(connection)
                connection.change("PRAGMA foreign_keys = ON")
                bring_up_to_date(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _choose_writing(self, connection: Connection) -> None:
        if self._writing == "log":
            # SQLite itself does not wait where another process is doing the same.
            _patiently(lambda: connection.rows("PRAGMA journal_mode = WAL"))
            connection.change("PRAGMA synchronous = NORMAL")
            return
        # Another process that has it open with a log keeps it so.
        with suppress(StoreLocked):
            connection.rows("PRAGMA journal_mode = DELETE")
        connection.change("PRAGMA synchronous = FULL")

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Gives this thread's connection, and takes all back that is changed in a block that fails.

        Raises:
            HomeReadOnly: If nothing may be changed.
        """
        if self.read_only:
            raise HomeReadOnly(self.read_only)
        connection = self.get()
        connection.change("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.change("COMMIT")
        except BaseException:
            # A full disk has undone it already; so has a thread that closed the store meanwhile.
            with suppress(sqlite3.ProgrammingError):
                if connection.in_transaction:
                    connection.change("ROLLBACK")
            raise

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._guard:
            for connection in self._open.values():
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def _forget(self) -> None:
        with self._guard:
            connection = self._open.pop(threading.current_thread(), None)
        if connection is not None:
            connection.close()
        self._local.connection = None


def _patiently(act: Callable[[], object]) -> None:
    due_s = time.monotonic() + BUSY_S
    while True:
        try:
            act()
        except StoreLocked:
            if time.monotonic() > due_s:
                raise
            time.sleep(0.01)
        else:
            return


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


PATIENCE_S = 1.0


def check_store(path: Path) -> None:
    """Looks whether a file of runs can be read and written, without changing it.

    Raises:
        HomeReadOnly: If it may not be written.
        StoreUnusable: If it is damaged, foreign, held by another program, or of a newer Flowerlab.
    """
    if not path.exists():
        return
    if not os.access(path, os.W_OK):
        raise fault(HomeReadOnly, "a file that may not be written by you")
    with explained(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        opened = sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, factory=Connection)
    opened.file = path
    with closing(opened) as connection:
        version_of(connection)
        connection.rows("SELECT count(*) FROM runs")
