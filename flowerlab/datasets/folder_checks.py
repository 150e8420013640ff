"""Own photos looked through: a folder or zip with one sub-folder a class, safe names, photos that can be read."""

from __future__ import annotations

import itertools
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from flowerlab.errors import BadFolder, BadPhoto, legible, shown
from flowerlab.photos.reading import MAX_BYTES, SUFFIXES, read_photo
from flowerlab.system.progress import Counted
from flowerlab.system.safe_zip import DAMAGE, OddlyPacked, TooManyEntries, open_entry, open_zip

MIN_CLASSES, MAX_CLASSES, MIN_PHOTOS = 2, 50, 10
MAX_ENTRIES = 20_000
MAX_UNPACKED_BYTES = 2_000_000_000
MAX_NAME = 60
FOLDER_NAME = re.compile(r"[^\W_][\w .-]{0,59}")
# Names that Windows keeps for devices.
RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}


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


@dataclass(frozen=True)
class _PhotoFile:
    """One file that may be a photo: its sub-folder as it came, its class (that name as the lab writes it), its name as it came."""

    folder: str
    kind: str
    name: str
    open: Callable[[], IO[bytes]]

    @property
    def label(self) -> str:
        """For sentences."""
        return legible(f"{self.kind}/{self.name}")

    def read(self) -> bytes:
        """Returns its bytes as far as a photo may be large."""
        try:
            with self.open() as file:
                return file.read(MAX_BYTES + 1)
        except OddlyPacked:
            raise BadPhoto(
                f"{self.label} is packed in a way that is not read here. Expected a plain zip. Received: another way. "
                "Zip the photos anew."
            ) from None
        except DAMAGE as error:
            raise BadPhoto(
                f"{self.label} cannot be read. Expected a whole file. Received: {type(error).__name__}. Copy it once more."
            ) from None


def _safe(name: str, what: str) -> str:
    """Makes a readable name that every file system can hold."""
    # macOS writes an ü as two signs; both spellings are one name.
    whole = unicodedata.normalize("NFC", name)
    cleaned = "".join(letter for letter in whole if letter.isprintable() and letter not in '<>&":/\\|?*').strip(" .")[:MAX_NAME]
    if not cleaned or cleaned.split(".")[0].lower() in RESERVED:
        raise BadFolder(
            f"A {what} has a name that cannot be used. Expected letters and digits. Received: {shown(name)}. Rename it."
        )
    return cleaned


def dataset_name(name: str) -> str:
    """Returns the name that own photos have in a recipe, without `folder:`.

    Raises:
        BadFolder: If they need another one.
    """
    chosen = _safe(name, "data set")
    if not FOLDER_NAME.fullmatch(chosen):
        raise BadFolder(
            f"The data set needs another name. Expected letters, digits, spaces, - _ and . Received: {shown(chosen)}. Give it a name."
        )
    return chosen


def scan(
    source: Path,
    name: str | None = None,
    *,
    progress: Counted = lambda done, total: None,
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
    with _photo_files(source) as files:
        counts, read_bytes = dict.fromkeys(_check_classes(files), 0), 0
        for done, file in enumerate(files):
            progress(done, len(files))
            try:
                data = file.read()
                read_bytes += len(data)
                if read_bytes > MAX_UNPACKED_BYTES:
                    raise BadFolder(
                        f"The photos are too large in all. Expected at most {MAX_UNPACKED_BYTES // 10**9} GB, unpacked. "
                        "Received: more than that. Take fewer photos."
                    )
                read_photo(data, file.label)
            except BadPhoto as error:
                left_out.append(str(error))
                continue
            keep(file.kind, Path(_safe(file.name, "photo")).stem + Path(file.name).suffix.lower(), data)
            counts[file.kind] += 1
        progress(len(files), len(files))
    _check_counts(counts)
    return FolderInfo(name, tuple(counts), tuple(counts.values()), tuple(left_out))


@contextmanager
def _photo_files(source: Path) -> Iterator[list[_PhotoFile]]:
    """Finds the files that may be photos; they can be read inside the block."""
    try:
        is_dir, is_zip = source.is_dir(), source.is_file() and zipfile.is_zipfile(source)
    except OSError:
        # A path that no file system can hold.
        is_dir = is_zip = False
    if is_dir:
        yield list(_in_directory(source))
    elif is_zip:
        with _opened(source) as archive:
            yield _in_zip(archive)
    else:
        raise BadFolder(
            "There are no photos to import. Expected a folder or a .zip with one sub-folder for each class. "
            f"Received: {legible(str(source))}. Check the path."
        )


def _check_classes(files: Sequence[_PhotoFile]) -> list[str]:
    came: dict[str, str] = {}
    for file in files:
        first = came.setdefault(file.kind.casefold(), file.folder)
        if first != file.folder:
            raise BadFolder(
                "Two classes would have one name here: capital letters and special characters do not tell them apart. "
                f"Received: {shown(first)} and {shown(file.folder)}. Rename one of them."
            )
    kinds = sorted({file.kind for file in files})
    if not MIN_CLASSES <= len(kinds) <= MAX_CLASSES:
        raise BadFolder(
            f"Photos of {MIN_CLASSES} to {MAX_CLASSES} classes are needed, one sub-folder each. "
            f"Received: {len(kinds)} sub-folders with photos. Sort the photos into folders named after their class."
        )
    return kinds


def _check_counts(counts: Mapping[str, int]) -> None:
    few = [f"{kind} ({count})" for kind, count in counts.items() if count < MIN_PHOTOS]
    if few:
        raise BadFolder(
            f"At least {MIN_PHOTOS} readable photos are needed in each class. Received: {', '.join(few[:5])}. "
            "Add photos or take the class out."
        )


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _opened_file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _in_directory(source: Path) -> Iterator[_PhotoFile]:
    root = source.resolve()
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
                yield _PhotoFile(kind.name, _safe(kind.name, "class"), file.name, partial(_opened_file, file))


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


def _in_zip(archive: zipfile.ZipFile) -> list[_PhotoFile]:
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
    return [
        _PhotoFile(parts[depth], _safe(parts[depth], "class"), parts[-1], partial(open_entry, archive, info))
        for parts, info in found
        if len(parts) == depth + 2
    ]
