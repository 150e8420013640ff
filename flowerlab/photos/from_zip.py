"""Photos out of a zip, to be named: read as if an enemy had made it. Folders in it mean nothing here."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flowerlab.errors import BadInput, legible
from flowerlab.photos.reading import MAX_BYTES, SUFFIXES
from flowerlab.system.safe_zip import DAMAGE, OddlyPacked, TooManyEntries, open_entry, open_zip

MOST_ENTRIES = 2_000
MOST_UNPACKED_BYTES = 300_000_000
ADVICE = "Make a plain zip of the photos."


@dataclass(frozen=True)
class Unzipped:
    """What a zip held.

    Args:
        photos: (name, bytes) of each, in the zip's order. The bytes were not looked at yet.
        left_out: Sentences on photos that were not taken.
        read_bytes: That came out, taken or not.
    """

    photos: tuple[tuple[str, bytes], ...]
    left_out: tuple[str, ...]
    read_bytes: int


def unzip_photos(data: bytes, name: str, *, most: int, most_bytes: int | None = None) -> Unzipped:
    """Takes the photos out of a zip.

    Args:
        most: How many photos are taken; the others are left out.
        most_bytes: How many bytes they may have together; None: `MOST_UNPACKED_BYTES`.

    Raises:
        BadInput: If it is no whole zip, lists too much, or holds no photo that can be taken.
    """
    with tempfile.TemporaryDirectory(prefix="flowerlab-") as folder:
        path = Path(folder) / "photos.zip"
        path.write_bytes(data)
        try:
            with open_zip(path, MOST_ENTRIES) as archive:
                return _taken(archive, name, most, MOST_UNPACKED_BYTES if most_bytes is None else most_bytes)
        except TooManyEntries:
            raise BadInput(
                f"The zip lists too much. Expected at most {MOST_ENTRIES:,} files. Received: {legible(name)}. Take fewer photos."
            ) from None
        except zipfile.BadZipFile:
            raise BadInput(
                f"The zip cannot be opened. Expected a whole .zip. Received: {legible(name)}, cut short or damaged. {ADVICE}"
            ) from None


def _taken(archive: zipfile.ZipFile, name: str, most: int, most_bytes: int) -> Unzipped:
    infos = [info for info in archive.infolist() if _is_photo(info)]
    if not infos:
        raise BadInput(f"The zip holds no photo. Expected JPEG, PNG, WebP or HEIC files. Received: {legible(name)}. {ADVICE}")
    photos: list[tuple[str, bytes]] = []
    left_out: list[str] = []
    left = most_bytes
    for number, info in enumerate(infos):
        if len(photos) == most or left <= 0:
            reason = f"at most {most} photos" if left > 0 else f"at most {MOST_UNPACKED_BYTES // 10**6} MB at once, unpacked"
            left_out.append(
                f"{legible(name)} holds too much. Expected {reason}. Received: {len(infos)} photos, of which {len(infos) - number} "
                "were left out. Bring the others in another zip."
            )
            break
        try:
            photo = _read(archive, info, min(left, MAX_BYTES))
        except (*DAMAGE, OddlyPacked) as error:
            left_out.append(
                f"{legible(info.filename)} cannot be read. Expected a whole file. Received: {type(error).__name__}. {ADVICE}"
            )
            continue
        # What was read counts, also where nothing of it is kept: it took the time.
        left -= len(photo)
        if len(photo) > MAX_BYTES:
            left_out.append(
                f"{legible(info.filename)} is too large. Expected at most {MAX_BYTES // 10**6} MB. Received: more, unpacked. "
                "Make it smaller."
            )
            continue
        photos.append((legible(PurePosixPath(info.filename.replace("\\", "/")).name), photo))
    return Unzipped(tuple(photos), tuple(left_out), most_bytes - left)


def _is_photo(info: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    if not parts or info.is_dir() or stat.S_ISLNK(info.external_attr >> 16):
        return False
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not hidden and Path(parts[-1]).suffix.lower() in SUFFIXES


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most_bytes: int) -> bytes:
    """Reads what is really there, whatever the zip claims: one byte too many at most, which shows that it is too large."""
    with open_entry(archive, info) as file:
        return file.read(most_bytes + 1)
