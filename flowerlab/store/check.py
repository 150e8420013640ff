"""A look at the file from outside, which changes nothing."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from flowerlab.store.faults import Connection, doubted_mark, explained, read_only
from flowerlab.store.schema import version_of

PATIENCE_S = 1.0


def check_store(path: Path) -> None:
    """Looks whether a file of runs can be read and written, without changing it.

    Args:
        path: The SQLite file; one that is not there is no fault.

    Raises:
        HomeReadOnly: If it may not be written.
        StoreUnusable: If it is damaged, foreign, held by another program, or of a newer Flowerlab.
    """
    if not path.exists():
        return
    if not os.access(path, os.W_OK):
        raise read_only("a file that may not be written by you")
    with explained(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        opened = sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, factory=Connection)
    opened.file, opened.doubted = path, doubted_mark(path)
    with closing(opened) as connection:
        version_of(connection)
        connection.rows("SELECT count(*) FROM runs")
