"""The zip of a lesson pack: written plainly, and read as if an enemy had made it.

Packs are stored, not compressed (photos and models are compressed already, and it is quicker), so nothing in them can grow:
a bomb needs an entry that is larger unpacked than packed, or entries that share their bytes, and both are refused.
"""

from __future__ import annotations

import hashlib
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from flowerlab.errors import BadPack, legible, shown
from flowerlab.packs.manifest import MANIFEST, MOST_MANIFEST_BYTES, Manifest, PackedFile, foreign, read_manifest
from flowerlab.system.progress import Progress
from flowerlab.system.safe_zip import DAMAGE, TooManyEntries, open_zip, plain_entry

MOST_ENTRIES = 200_000
MOST_BYTES = 50_000_000_000
CHUNK = 1 << 20
# Bits of an entry's flags: encrypted, patched, strongly encrypted, its header hidden.
HIDDEN = 0x1 | 0x20 | 0x40 | 0x2000

Content = Path | bytes


def write_archive(
    target: Path, files: Sequence[tuple[str, Content]], describe: Callable[[tuple[PackedFile, ...]], Manifest], progress: Progress
) -> Manifest:
    """Writes files and then the manifest that lists them.

    Args:
        target: Must not exist.
        files: (path in the pack, file or bytes).
        describe: Given the files with their sizes and hashes, returns the manifest.
    """
    total = sum(len(source) if isinstance(source, bytes) else source.stat().st_size for _, source in files)
    done = 0
    packed: list[PackedFile] = []
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        for path, source in files:
            digest, size = hashlib.sha256(), 0
            with archive.open(plain_entry(path), "w", force_zip64=True) as out:
                for chunk in _chunks(source):
                    out.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                    progress("Packing", min(total, done + size), total)
            done += size
            # Own photos differ from others of their name by their time too.
            keeps_time = isinstance(source, Path) and path.startswith("folders/")
            modified_ns = source.stat().st_mtime_ns if isinstance(source, Path) and keeps_time else None
            packed.append(PackedFile(path=path, size=size, sha256=digest.hexdigest(), modified_ns=modified_ns))
        manifest = describe(tuple(packed))
        archive.writestr(plain_entry(MANIFEST), manifest.model_dump_json(indent=1))
    return manifest


def _chunks(source: Content) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK), b"")


@contextmanager
def opened_pack(source: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Opens a pack whose list of contents is sound; what the entries hold is checked by `extract`.

    Raises:
        BadPack: If it is damaged, foreign, too new or hostile.
    """
    try:
        there = source.is_file()
    except OSError:
        # A path that no file system can hold.
        there = False
    if not there:
        raise BadPack(
            f"There is no such file. Expected a lesson pack. Received: {legible(str(source))}. Check the path. Nothing was changed."
        )
    with _opened(source) as archive:
        infos = archive.infolist()
        by_name = {info.filename: info for info in infos}
        if MANIFEST not in by_name:
            raise foreign()
        if len(by_name) != len(infos):
            raise _hostile("an entry that is there twice")
        _check_entries(infos, source.stat().st_size)
        manifest = read_manifest(_small(archive, by_name[MANIFEST]))
        _check_listed(by_name, manifest)
        yield archive, manifest


def _opened(source: Path) -> zipfile.ZipFile:
    try:
        return open_zip(source, MOST_ENTRIES)
    except TooManyEntries:
        raise _hostile(f"more entries than {MOST_ENTRIES:,}") from None
    except zipfile.BadZipFile:
        raise _damaged(f"{legible(source.name)} is no whole zip") from None


def _check_entries(infos: list[zipfile.ZipInfo], size: int) -> None:
    for info in infos:
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG) or info.is_dir():
            raise _hostile(f"{shown(info.filename)} is a link, a folder or a device")
        if info.flag_bits & HIDDEN:
            raise _hostile(f"{shown(info.filename)} is encrypted")
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
            raise _hostile(f"{shown(info.filename)} is compressed; `pack` compresses nothing")
        if info.orig_filename != info.filename:
            raise _hostile(f"{shown(info.filename)} has a name that zips cannot bear")
    total = sum(info.file_size for info in infos)
    if total > min(size, MOST_BYTES):
        raise _hostile(f"{total:,} bytes of contents in a file of {size:,}; at most {MOST_BYTES:,} are expected")


def _check_listed(by_name: dict[str, zipfile.ZipInfo], manifest: Manifest) -> None:
    listed = {file.path: file.size for file in manifest.files}
    held = {name: info.file_size for name, info in by_name.items() if name != MANIFEST}
    if extra := held.keys() - listed.keys():
        raise _hostile(f"{shown(min(extra))} is not in its list of contents")
    if missing := listed.keys() - held.keys():
        raise _damaged(f"{shown(min(missing))} is missing")
    if wrong := [path for path, size in listed.items() if held[path] != size]:
        raise _damaged(f"{shown(wrong[0])} has another size than listed")


def _small(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > MOST_MANIFEST_BYTES:
        raise _hostile(f"a {MANIFEST} of {info.file_size:,} bytes")
    try:
        return archive.read(info)
    except DAMAGE:
        raise _damaged(f"its {MANIFEST} cannot be read") from None


def extract(archive: zipfile.ZipFile, manifest: Manifest, scratch: Path, progress: Progress) -> None:
    """Writes all files of a pack into an empty scratch folder, comparing size and hash of each.

    Raises:
        BadPack: If a file is not what the list of contents says.
    """
    done = 0
    for file in manifest.files:
        target = scratch.joinpath(*file.path.split("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            done = _copy(archive, file, out, done, lambda now: progress("Unpacking", now, manifest.bytes))
        if file.modified_ns is not None:
            os.utime(target, ns=(file.modified_ns, file.modified_ns))


def _copy(archive: zipfile.ZipFile, file: PackedFile, out: IO[bytes], done: int, report: Callable[[int], None]) -> int:
    digest, size = hashlib.sha256(), 0
    for chunk in _unpacked(archive, file):
        size += len(chunk)
        if size > file.size:
            break
        out.write(chunk)
        digest.update(chunk)
        report(done + size)
    if size != file.size or digest.hexdigest() != file.sha256:
        raise _damaged(f"{shown(file.path)} is not what it was when it was packed")
    return done + size


def _unpacked(archive: zipfile.ZipFile, file: PackedFile) -> Iterator[bytes]:
    try:
        with archive.open(file.path) as entry:
            yield from iter(lambda: entry.read(CHUNK), b"")
    except DAMAGE:
        raise _damaged(f"{shown(file.path)} cannot be read") from None


def _damaged(what: str) -> BadPack:
    return BadPack(
        f"The pack is damaged. Expected it as `pack` wrote it. Received: {what}. Copy it once more, or make it anew. "
        "Nothing was changed."
    )


def _hostile(what: str) -> BadPack:
    return BadPack(
        f"The pack holds what no lesson pack holds and could do harm. Expected it as `pack` wrote it. Received: {what}. "
        "Ask where it came from. Nothing was changed."
    )
