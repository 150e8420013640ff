"""Own photos: a folder or zip with one sub-folder a class, looked through, and copied into the lab."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from flowerlab.datasets.folder_checks import (
    check_classes,
    check_counts,
    check_size,
    dataset_name,
    photo_files,
    safe_name,
)
from flowerlab.datasets.originals import Original
from flowerlab.errors import BadFolder, BadPhoto, shown
from flowerlab.photos.reading import read_photo
from flowerlab.system.files import scratch_beside

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FolderInfo:
    """What a folder of own photos holds.

    Args:
        name: As in a recipe's `folder:NAME`.
        classes: Names of the sub-folders, sorted: in label order.
        counts: Photos of each class.
        left_out: Sentences on files that could not be read; empty for photos that are in the lab already.
    """

    name: str
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    left_out: tuple[str, ...] = ()

    @property
    def photos(self) -> int:
        """Photos in all."""
        return sum(self.counts)


def scan(
    source: Path,
    name: str | None = None,
    *,
    progress: Progress = lambda done, total: None,
    keep: Callable[[str, str, bytes], None] = lambda kind, file_name, data: None,
) -> FolderInfo:
    """Looks through a folder or zip of photos as an import does, and writes nothing.

    Args:
        source: A folder or a .zip with one sub-folder a class (2–50 classes, at least 10 readable photos each).
        name: Of the data set; default: made from the source's name.
        progress: Called with (files done, files in all).
        keep: Given (class, file name, bytes) of each photo that can be read, before all have been seen; a name may come twice.

    Raises:
        BadFolder: If it is no such folder or is hostile.
    """
    name = dataset_name(name or source.stem)
    left_out: list[str] = []
    with photo_files(source) as files:
        counts, read_bytes = dict.fromkeys(check_classes(files), 0), 0
        for done, file in enumerate(files):
            progress(done, len(files))
            try:
                data = file.read()
                read_bytes += len(data)
                check_size(read_bytes)
                read_photo(data, file.label)
            except BadPhoto as error:
                left_out.append(str(error))
                continue
            keep(file.kind, Path(safe_name(file.name, "photo")).stem + Path(file.name).suffix.lower(), data)
            counts[file.kind] += 1
        progress(len(files), len(files))
    check_counts(counts)
    return FolderInfo(name, tuple(counts), tuple(counts.values()), tuple(left_out))


def import_folder(
    source: Path, folders: Path, name: str | None = None, *, progress: Progress = lambda done, total: None
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
