"""Own photos: a folder or zip with one sub-folder a class, looked through, and copied into the lab."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from flowerlab.datasets.folder_checks import FolderInfo, dataset_name, scan
from flowerlab.datasets.originals import Original
from flowerlab.errors import BadFolder, shown
from flowerlab.system.files import scratch_beside
from flowerlab.system.progress import Counted


def import_folder(
    source: Path, folders: Path, name: str | None = None, *, progress: Counted = lambda done, total: None
) -> FolderInfo:
    """Copies what `scan` finds into `folders/<name>/<class>/<file>`, whole or not at all.

    Returns:
        What was imported, and what was left out.

    Raises:
        BadFolder: As `scan`, or if the name is taken by other photos.
    """
    target = folders / dataset_name(name or source.stem)
    with scratch_beside(target) as scratch:
        info = scan(source, target.name, progress=progress, keep=partial(_copy, scratch))
        try:
            scratch.rename(target)
        except OSError:
            # The name is taken, perhaps since this import began.
            if not target.is_dir():
                raise
            if not _same_content(scratch, target):
                raise BadFolder(
                    f"Other photos have this name already. Received: {target.name!r}. "
                    "Give these another name, or delete the old ones."
                ) from None
    return info


def describe(folder: Path) -> FolderInfo:
    """Returns what an imported folder holds."""
    classes = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    return FolderInfo(folder.name, classes, tuple(len(list((folder / kind).iterdir())) for kind in classes))


def folder_names(folders: Path) -> list[str]:
    """Returns the names of all imported folders, sorted."""
    return sorted(path.name for path in folders.iterdir() if path.is_dir() and not path.name.startswith("."))


def list_folders(folders: Path) -> list[FolderInfo]:
    """Returns all imported folders, by name."""
    return [describe(folders / name) for name in folder_names(folders)]


def delete_folder(folders: Path, name: str) -> None:
    """Removes an imported folder.

    Raises:
        BadFolder: If there is none of this name.
    """
    if name not in [path.name for path in folders.iterdir() if path.is_dir()]:
        raise BadFolder(f"There are no photos of this name. Expected an imported data set. Received: {shown(name)}. Reload.")
    shutil.rmtree(folders / name)


def originals(folder: Path) -> Iterator[Original]:
    """Yields the photos of an imported folder, class by class, sorted by name."""
    for label, kind in enumerate(describe(folder).classes):
        for file in sorted((folder / kind).iterdir()):
            yield Original(id=f"{kind}/{file.name}", label=label, data=file.read_bytes())


def _copy(scratch: Path, kind: str, file_name: str, data: bytes) -> None:
    folder = scratch / kind
    folder.mkdir(exist_ok=True)
    path, number = folder / file_name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(file_name).stem}-{number}{path.suffix}"
    path.write_bytes(data)


def _same_content(one: Path, other: Path) -> bool:
    mine = {path.relative_to(one).as_posix(): path for path in one.rglob("*") if path.is_file()}
    theirs = {path.relative_to(other).as_posix(): path for path in other.rglob("*") if path.is_file()}
    return mine.keys() == theirs.keys() and all(mine[name].read_bytes() == theirs[name].read_bytes() for name in mine)
