"""The list of runs: the lab's own files, and the copies of it that were put aside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flowerlab.disk.items import Item, Kind
from flowerlab.disk.kinds.kind import DiskKind, item_of
from flowerlab.home import Home
from flowerlab.store import Store
from flowerlab.store.copying import asides, with_logs
from flowerlab.store.schema import backups
from flowerlab.system.files import bytes_of


def list_copies(home: Home) -> DiskKind:
    """From before an update, or damaged and put aside; each with the logs beside it."""

    def listed() -> Iterator[Item]:
        for name, files in _copies(home).items():
            yield replace(item_of(Kind.LIST_COPIES, files[0], name), key=name, bytes=sum(map(bytes_of, files)))

    def free(key: str) -> None:
        for file in _copies(home).get(key, []):
            file.unlink(missing_ok=True)

    return DiskKind(Kind.LIST_COPIES, listed, free)


def rest(home: Home, store: Store) -> DiskKind:
    """The list of runs, logs, and folders of no run."""

    def listed() -> Iterator[Item]:
        copies = {file for files in _copies(home).values() for file in files}
        taken = sum(path.stat().st_size for path in home.root.iterdir() if path.is_file() and path not in copies)
        taken += bytes_of(home.locks)
        known = {run.id for run in store.all()}
        # Of a run whose way into the trash was cut short, the trash counts what stayed.
        strays = [path for path in home.runs.iterdir() if path.name not in known]
        taken += sum(bytes_of(path) for path in strays if not any(home.trash.glob(f"{path.name}-*")))
        yield Item(Kind.REST, "rest", "List of runs, logs", taken, time.time())

    why = {"rest": "The list of runs, logs and the like: the lab needs them."}
    return DiskKind(Kind.REST, listed, lambda key: None, lambda: why)


def _copies(home: Home) -> dict[str, list[Path]]:
    return {copy.name: with_logs(copy) for copy in (*backups(home.store), *asides(home.store))}
