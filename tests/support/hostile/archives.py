"""Zips as nobody should send them: what an import of own photos must take, and what it must refuse."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

Entries = Iterable[tuple[str | zipfile.ZipInfo, bytes]]
MILLION = 1_000_000


@dataclass(frozen=True)
class ZipCase:
    """One zip.

    Args:
        write: Writes it to a path.
        photos: How many photos must be taken in; None if it must be refused.
        words: That a refusal must hold.
    """

    write: Callable[[Path], object]
    photos: int | None = None
    words: str = ""


def photo(number: int) -> bytes:
    """A tiny photo; each number gives other bytes."""
    file = io.BytesIO()
    Image.new("RGB", (2, 2), (number % 256, number // 256, 90)).save(file, "PNG")
    return file.getvalue()


def photos_of(classes: Mapping[str, int] | None = None, *, top: str = "") -> dict[str, bytes]:
    """Photos by path: so many of each class."""
    chosen = {"rose": 11, "daisy": 10} if classes is None else classes
    return {
        f"{top}{kind}/{number:02}.png": photo(100 * index + number)
        for index, (kind, count) in enumerate(chosen.items())
        for number in range(count)
    }


def zipped(path: Path, entries: Entries, *, method: int = zipfile.ZIP_STORED) -> Path:
    """A zip with these entries, whose names may be anything."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data, None if isinstance(name, str) else method)
    return path


def named(name: str, *, mode: int = 0) -> zipfile.ZipInfo:
    """A zip's entry with just this name, which `zipfile` would otherwise tidy up."""
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.create_system = 3
    info.external_attr = mode << 16
    return info


def with_entry(entry: str | zipfile.ZipInfo, data: bytes | None = None) -> Callable[[Path], object]:
    """Writes good photos and one more entry."""
    return lambda path: zipped(path, [*photos_of().items(), (entry, photo(999) if data is None else data)])


def with_classes(*names: str) -> Callable[[Path], object]:
    """Writes ten photos of each class, whose names may be anything."""
    return lambda path: zipped(
        path,
        [(named(f"{name}/{number}.png"), photo(100 * place + number)) for place, name in enumerate(names) for number in range(10)],
    )


def changed(change: Callable[[bytearray], object]) -> Callable[[Path], object]:
    """Writes good photos and then changes bytes of the file."""

    def write(path: Path) -> None:
        data = bytearray(zipped(path, photos_of().items()).read_bytes())
        change(data)
        path.write_bytes(data)

    return write


def _encrypt(data: bytearray) -> None:
    data[data.rindex(b"PK\x01\x02") + 8] |= 1


def _lead_astray(data: bytearray) -> None:
    """Lets the end of the zip say that its list begins elsewhere."""
    at = data.rindex(b"PK\x05\x06") + 16
    data[at : at + 4] = struct.pack("<I", 2**32 - 2)


def listing(entries: int, *, said: int, name: bytes = b"rose/1.png") -> bytes:
    """A zip that is nothing but a list of so many entries, all of which are one and the same photo; `said` is how many it says it has."""
    content = photo(1)
    crc, size = zlib.crc32(content), len(content)
    about = struct.pack("<HHHHIIIHH", 20, 0, 0, 0, crc, size, size, len(name), 0)
    first = b"PK\x03\x04" + about + name + content
    one = b"PK\x01\x02" + struct.pack("<H", 20) + about + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, said, said, len(one) * entries, len(first), 0)
    return first + one * entries + end


def lzma_of_four_gigabytes() -> Callable[[Path], object]:
    """Good photos, and one entry that asks for a dictionary of 4 GB to be unpacked."""

    name = "rose/two\nlines.png"

    def write(path: Path) -> None:
        zipped(path, photos_of().items())
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(named(name), photo(1), zipfile.ZIP_LZMA)
            at = archive.getinfo(name).header_offset + 30 + len(name)
        data = bytearray(path.read_bytes())
        data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
        path.write_bytes(data)

    return write


def bomb(path: Path) -> None:
    """Two classes whose photos unpack to 25 MB of zeros each, from 25 KB."""
    zeros = bytes(25_000_000)
    zipped(
        path, [(f"{kind}/{number}.png", zeros) for kind in ("rose", "daisy") for number in range(2)], method=zipfile.ZIP_DEFLATED
    )


def nested(path: Path) -> None:
    """A zip of zips of photos."""
    inner = zipped(path.with_suffix(".inner"), photos_of().items())
    zipped(path, [(f"{kind}/{number}.zip", inner.read_bytes()) for kind in ("rose", "daisy") for number in range(10)])
    inner.unlink()


HARM, FEW = "could do harm", "sub-folders with photos"

REFUSED: dict[str, ZipCase] = {
    **{
        f"an entry called {name!r}": ZipCase(with_entry(named(name)), words=HARM)
        for name in (
            "rose/../../../evil.png",
            "../evil/1.png",
            "rose\\..\\..\\evil.png",
            "/evil/1.png",
            "//evil/1.png",
            "\\\\evil\\share\\1.png",
            "C:\\evil\\1.png",
            "C:/evil/1.png",
            ".x/../../evil.txt",
            "rose/..",
            "..",
        )
    },
    "a link": ZipCase(with_entry(named("rose/link.png", mode=stat.S_IFLNK | 0o777), b"/etc/passwd"), words=HARM),
    "a link for a class": ZipCase(with_entry(named("roses", mode=stat.S_IFLNK | 0o777), b"/etc"), words=HARM),
    "encrypted": ZipCase(changed(_encrypt), words="encrypted"),
    "a million entries": ZipCase(lambda path: path.write_bytes(listing(MILLION, said=65_535)), words="too many entries"),
    "a million entries that says it has 21": ZipCase(
        lambda path: path.write_bytes(listing(MILLION, said=21)), words="too many entries"
    ),
    "25,000 entries": ZipCase(lambda path: path.write_bytes(listing(25_000, said=25_000)), words="too many entries"),
    "entries with names of 60,000 letters": ZipCase(
        lambda path: path.write_bytes(listing(400, said=400, name=b"r/" + b"x" * 60_000)), words="too many entries"
    ),
    "a bomb": ZipCase(bomb, words="readable photos"),
    "zips in a zip": ZipCase(nested, words=FEW),
    "nothing in it": ZipCase(lambda path: zipped(path, []), words=FEW),
    "one class": ZipCase(with_classes("rose"), words=FEW),
    "51 classes": ZipCase(with_classes(*(f"kind {number}" for number in range(51))), words=FEW),
    "two spellings of one class": ZipCase(with_classes("G\u00e4nse", "Ga\u0308nse", "rose"), words="one name here"),
    "classes that capitals alone tell apart": ZipCase(with_classes("Stra\u00dfe", "STRASSE"), words="one name here"),
    "classes that hidden signs alone tell apart": ZipCase(with_classes("rose", "ro\u200bse"), words="one name here"),
    "a class of hidden signs": ZipCase(with_classes("rose", "\u202e\u200b"), words="cannot be used"),
    "a class that Windows keeps for a device": ZipCase(with_classes("rose", "con"), words="cannot be used"),
    "a photo that Windows keeps for a device": ZipCase(with_entry("rose/nul.png"), words="cannot be used"),
    "cut in the middle": ZipCase(changed(lambda data: data.__delitem__(slice(len(data) // 2, None))), words="Received"),
    "cut at its end": ZipCase(changed(lambda data: data.__delitem__(slice(-1, None))), words="Received"),
    "without its beginning": ZipCase(changed(lambda data: data.__delitem__(slice(0, 700))), words="Received"),
    "a list that lies elsewhere": ZipCase(changed(_lead_astray), words="readable photos"),
    "a text": ZipCase(lambda path: path.write_text("no zip"), words="no photos to import"),
    "nothing": ZipCase(lambda path: path.write_bytes(b""), words="no photos to import"),
}

TAKEN: dict[str, ZipCase] = {
    "plain": ZipCase(lambda path: zipped(path, photos_of().items()), 21),
    "packed": ZipCase(lambda path: zipped(path, photos_of().items(), method=zipfile.ZIP_DEFLATED), 21),
    "a program before the zip": ZipCase(changed(lambda data: data.__setitem__(slice(0, 0), b"MZ" * 500)), 21),
    "a pipe, which is a file like others in a zip": ZipCase(with_entry(named("rose/pipe.png", mode=stat.S_IFIFO | 0o666)), 22),
    "an entry that asks for 4 GB to be unpacked": ZipCase(lzma_of_four_gigabytes(), 21),
    "a photo with a line break in its name": ZipCase(with_entry(named("rose/two\nlines.png")), 22),
    "a web page with a line break in its name": ZipCase(with_entry(named("rose/two\nlines.jpg"), b"<html>"), 21),
    "a photo written from right to left": ZipCase(with_entry(named("rose/\u202egnp.exe.png")), 22),
    "a photo with a name of 60,000 letters": ZipCase(with_entry(named("rose/" + "x" * 60_000 + ".png")), 22),
    "a photo named by flowers": ZipCase(with_entry(named("rose/" + "\U0001f339" * 70 + ".png")), 22),
    "a photo named by a stroke that is none": ZipCase(with_entry(named("rose/\uff0e\uff0e\uff0fevil.png")), 22),
    "photos without a place": ZipCase(with_entry(named("\0.png")), 21),
    "a web page named like a photo": ZipCase(with_entry("rose/page.jpg", b"<!doctype html><script>1</script>"), 21),
    "a class of letters from elsewhere": ZipCase(with_classes("\u0440\u043e\u0437\u0430", "\u6843", "rose"), 30),
}
