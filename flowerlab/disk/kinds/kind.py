"""What every kind of thing on the disk can do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowerlab.disk.items import Item, Kind
from flowerlab.system.files import bytes_of
from flowerlab.system.locks import ProcessLock


@dataclass(frozen=True)
class DiskKind:
    """One kind of thing on the disk.

    Args:
        free: Frees the item of a key that nothing blocks: for good, or, if it cannot be made again, into the trash.
        blocked_by: Says of the items that must stay now why, as a sentence by their key.
    """

    kind: Kind
    list: Callable[[], Iterable[Item]]
    free: Callable[[str], object]
    blocked_by: Callable[[], Mapping[str, str]] = dict


def entries(folder: Path) -> list[Path]:
    """Returns the files and folders in a folder that are whole: not those of which a part is written yet."""
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def item_of(kind: Kind, path: Path, title: str, again_s: float | None = None) -> Item:
    """Measures an item that is one file or folder; its key is the name."""
    try:
        written_s = path.stat().st_mtime
    except OSError:
        # It is gone.
        written_s = 0.0
    return Item(kind, path.name, title, bytes_of(path), written_s, again_s=again_s)


def deleted_from(folder: Path) -> Callable[[str], None]:
    """Returns what frees such items in a folder."""

    def free(key: str) -> None:
        path = folder / key
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    return free


def locked(path: Path) -> bool:
    """Whether a process holds a lock."""
    lock = ProcessLock(path)
    free = lock.acquire()
    lock.release()
    return not free
