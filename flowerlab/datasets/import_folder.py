"""Own photos: a folder or zip with one sub-folder a class, checked and copied into the lab."""

from __future__ import annotations

import itertools
import shutil
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from flowerlab.datasets.catalog import FOLDER_NAME
from flowerlab.datasets.originals import Original
from flowerlab.errors import BadFolder, BadPhoto, legible, shown
from flowerlab.photos.reading import MAX_BYTES, SUFFIXES, read_photo
from flowerlab.system.files import scratch_beside
from flowerlab.system.safe_zip import DAMAGE, OddlyPacked, TooManyEntries, open_entry, open_zip

MIN_CLASSES, MAX_CLASSES, MIN_PHOTOS = 2, 50, 10
MAX_ENTRIES = 20_000
MAX_UNPACKED_BYTES = 2_000_000_000
MAX_NAME = 60
LEFT_OUT_SHOWN = 20
# Names that Windows keeps for devices.
RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class FolderInfo:
    """What an imported folder holds.

    Args:
        name: As in a recipe's `folder:NAME`.
        classes: Names of the sub-folders, sorted: in label order.
        counts: Photos of each class.
        photos: Photos in all.
        bytes: Of all photos.
        left_out: Sentences on files that could not be read, at most 20; only told by the import itself.
    """

    name: str
    classes: tuple[str, ...]
    counts: tuple[int, ...]
    photos: int
    bytes: int
    left_out: tuple[str, ...] = ()


class _Budget:
    """How much of a source may still be read: what is really there counts, not what a header claims."""

    def __init__(self) -> None:
        self._left = MAX_UNPACKED_BYTES

    def read(self, file: IO[bytes]) -> bytes:
        """Reads a file as far as a photo may be large.

        Raises:
            BadFolder: If all files together are too large.
        """
        data = file.read(MAX_BYTES + 1)
        self._left -= len(data)
        if self._left < 0:
            raise BadFolder(
                f"The photos are too large in all. Expected at most {MAX_UNPACKED_BYTES // 10**9} GB, unpacked. "
                "Received: more than that. Take fewer photos."
            )
        return data


@dataclass(frozen=True)
class _Entry:
    """One file to import: its sub-folder as it came, its class, its name, and how to read it."""

    folder: str
    kind: str
    name: str
    read: Callable[[], bytes]


def import_folder(
    source: Path, folders: Path, name: str | None = None, *, progress: Progress = lambda done, total: None
) -> FolderInfo:
    """Copies a folder or zip of photos into `folders/<name>/<class>/<file>`, whole or not at all.

    Args:
        source: A folder or a .zip with one sub-folder a class (2–50 classes, at least 10 readable photos each).
        folders: The lab's folder of imported photos.
        name: Of the data set; default: made from the source's name.
        progress: Called with (files done, files in all).

    Returns:
        What was imported, and what was left out.

    Raises:
        BadFolder: If it is no such folder, is hostile, or the name is taken by other photos.
    """
    chosen = _safe(name or source.stem, "data set")
    if not FOLDER_NAME.fullmatch(chosen):
        raise BadFolder(
            f"The data set needs another name. Expected letters, digits, spaces, - _ and . Received: {shown(chosen)}. Give it a name."
        )
    try:
        is_dir, is_zip = source.is_dir(), source.is_file() and zipfile.is_zipfile(source)
    except OSError:
        # A path that no file system can hold.
        is_dir = is_zip = False
    if is_dir:
        return _import(list(_from_directory(source)), folders / chosen, progress)
    if is_zip:
        with _opened(source) as archive:
            return _import(_from_zip(archive), folders / chosen, progress)
    raise BadFolder(
        "There are no photos to import. Expected a folder or a .zip with one sub-folder for each class. "
        f"Received: {legible(str(source))}. Check the path."
    )


def describe(folder: Path) -> FolderInfo:
    """Returns what an imported folder holds."""
    classes = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    sizes = [[file.stat().st_size for file in (folder / kind).iterdir()] for kind in classes]
    counts = tuple(len(of_class) for of_class in sizes)
    return FolderInfo(folder.name, classes, counts, sum(counts), sum(map(sum, sizes)))


def list_folders(folders: Path) -> list[FolderInfo]:
    """Returns all imported folders, by name."""
    return [describe(path) for path in sorted(folders.iterdir()) if path.is_dir() and not path.name.startswith(".")]


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


def _safe(name: str, what: str) -> str:
    """Makes a readable name that every file system bears."""
    # macOS writes an ü as two signs; both spellings are one name.
    whole = unicodedata.normalize("NFC", name)
    cleaned = "".join(letter for letter in whole if letter.isprintable() and letter not in '<>&":/\\|?*').strip(" .")[:MAX_NAME]
    if not cleaned or cleaned.split(".")[0].lower() in RESERVED:
        raise BadFolder(
            f"A {what} has a name that cannot be used. Expected letters and digits. Received: {shown(name)}. Rename it."
        )
    return cleaned


def _opened(source: Path) -> zipfile.ZipFile:
    try:
        return open_zip(source, MAX_ENTRIES)
    except TooManyEntries:
        raise BadFolder(
            f"The zip holds too many entries. Expected at most {MAX_ENTRIES:,}. Received: {legible(source.name)}, which lists "
            "more. Take fewer photos."
        ) from None
    except zipfile.BadZipFile:
        raise BadFolder(
            f"The zip cannot be opened. Expected a whole .zip. Received: {legible(source.name)}, cut short or damaged. Make it anew."
        ) from None


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _from_directory(source: Path) -> Iterator[_Entry]:
    root, budget = source.resolve(), _Budget()

    def reader(path: Path) -> Callable[[], bytes]:
        def read() -> bytes:
            with path.open("rb") as file:
                return budget.read(file)

        return read

    for kind in sorted(path for path in source.iterdir() if path.is_dir() and not _hidden(path.name)):
        for number, file in enumerate(sorted(itertools.islice(kind.iterdir(), MAX_ENTRIES + 1))):
            if number >= MAX_ENTRIES:
                raise BadFolder(
                    f"{legible(kind.name)} holds too many files. Expected at most {MAX_ENTRIES:,}. Received: more than that. "
                    "Take fewer photos."
                )
            wanted = file.suffix.lower() in SUFFIXES and not _hidden(file.name)
            # A link that leads outside the folder is not followed.
            if wanted and file.is_file() and root in file.resolve().parents:
                yield _Entry(kind.name, _safe(kind.name, "class"), file.name, reader(file))


def _from_zip(archive: zipfile.ZipFile) -> list[_Entry]:
    found: list[tuple[tuple[str, ...], zipfile.ZipInfo]] = []
    for info in archive.infolist():
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        link = stat.S_ISLNK(info.external_attr >> 16)
        if link or info.flag_bits & 1 or any(part in ("..", "/", "//") or part.endswith(":") for part in parts):
            raise BadFolder(
                "The zip holds an entry that could do harm (a link, an encrypted file, or a path that leads outside). "
                f"Received: {shown(info.filename)}. Make a plain zip of the photos' folder."
            )
        # An entry may have no name at all.
        hidden = not parts or any(map(_hidden, parts))
        if not hidden and not info.is_dir() and Path(parts[-1]).suffix.lower() in SUFFIXES:
            found.append((parts, info))
    # A folder that was zipped as a whole has one more level around its classes.
    depth = 1 if found and all(len(parts) >= 3 for parts, _ in found) and len({parts[0] for parts, _ in found}) == 1 else 0
    budget = _Budget()

    def reader(info: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            with open_entry(archive, info) as file:
                return budget.read(file)

        return read

    return [
        _Entry(parts[depth], _safe(parts[depth], "class"), parts[-1], reader(info))
        for parts, info in found
        if len(parts) == depth + 2
    ]


def _import(entries: list[_Entry], target: Path, progress: Progress) -> FolderInfo:
    came: dict[str, str] = {}
    for entry in entries:
        first = came.setdefault(entry.kind.casefold(), entry.folder)
        if first != entry.folder:
            raise BadFolder(
                "Two classes would have one name here: capital letters and special characters do not tell them apart. "
                f"Received: {shown(first)} and {shown(entry.folder)}. Rename one of them."
            )
    kinds = sorted({entry.kind for entry in entries})
    if not MIN_CLASSES <= len(kinds) <= MAX_CLASSES:
        raise BadFolder(
            f"Photos of {MIN_CLASSES} to {MAX_CLASSES} classes are needed, one sub-folder each. "
            f"Received: {len(kinds)} sub-folders with photos. Sort the photos into folders named after their class."
        )
    left_out: list[str] = []
    with scratch_beside(target) as scratch:
        for done, entry in enumerate(entries):
            progress(done, len(entries))
            _copy(entry, scratch, left_out)
        progress(len(entries), len(entries))
        _check_counts(scratch, kinds)
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
    info = describe(target)
    return FolderInfo(info.name, info.classes, info.counts, info.photos, info.bytes, tuple(left_out[:LEFT_OUT_SHOWN]))


def _copy(entry: _Entry, scratch: Path, left_out: list[str]) -> None:
    label = legible(f"{entry.kind}/{entry.name}")
    try:
        data = entry.read()
        read_photo(data, label)
    except BadFolder:
        raise
    except BadPhoto as error:
        left_out.append(str(error))
        return
    except OddlyPacked:
        left_out.append(
            f"{label} is packed in a way that is not read here. Expected a plain zip. Received: another way. Zip the photos anew."
        )
        return
    except DAMAGE as error:
        # A damaged entry is left out like any unreadable photo.
        left_out.append(f"{label} cannot be read. Expected a whole file. Received: {type(error).__name__}. Copy it once more.")
        return
    folder = scratch / entry.kind
    folder.mkdir(exist_ok=True)
    stem, suffix = Path(_safe(entry.name, "photo")).stem, Path(entry.name).suffix.lower()
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    path.write_bytes(data)


def _check_counts(scratch: Path, kinds: list[str]) -> None:
    counts = {kind: len(list((scratch / kind).iterdir())) if (scratch / kind).is_dir() else 0 for kind in kinds}
    few = [f"{kind} ({count})" for kind, count in counts.items() if count < MIN_PHOTOS]
    if few:
        raise BadFolder(
            f"At least {MIN_PHOTOS} readable photos are needed in each class. Received: {', '.join(few[:5])}. "
            "Add photos or take the class out."
        )


def _same_content(one: Path, other: Path) -> bool:
    mine = {path.relative_to(one).as_posix(): path for path in one.rglob("*") if path.is_file()}
    theirs = {path.relative_to(other).as_posix(): path for path in other.rglob("*") if path.is_file()}
    return mine.keys() == theirs.keys() and all(mine[name].read_bytes() == theirs[name].read_bytes() for name in mine)
