"""Photos as nobody should send them: every kind that must be read, and what only looks like a photo."""

from __future__ import annotations

import functools
import io
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener

WIDTH, HEIGHT = 40, 24
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class PhotoCase:
    """One file.

    Args:
        make: Returns its bytes.
        size: (height, width) of the photo that it must be read as; None if it must be refused.
        words: That a refusal must hold.
    """

    make: Callable[[], bytes]
    size: tuple[int, int] | None = None
    words: str = ""


def picture(mode: str = "RGB", size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image.Image:
    """A picture of this mode that compresses badly enough to be cut."""
    noise = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    if mode == "I;16":
        return Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
    return Image.fromarray(noise).convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """A picture as a file's bytes."""
    if kind == "HEIF":
        register_heif_opener()
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file with its checksum."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *, depth: int = 8, colours: int = 2, rows: bytes | None = None, more: bytes = b"") -> bytes:
    """A PNG with any header.

    Args:
        width, height: As the header claims.
        depth: Bits a channel.
        colours: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
        rows: What is compressed; default: black of the right length for a small picture.
        more: Chunks before the picture.
    """
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colours]
    if rows is None:
        rows = (b"\0" + bytes((width * channels * depth + 7) // 8)) * height if width * height < 10**6 else b""
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0)
    return PNG_HEAD + png_chunk(b"IHDR", header) + more + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")


def turned(orientation: int, kind: str = "JPEG") -> bytes:
    """A photo whose EXIF entry says how to turn it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture(), kind, exif=exif)


def with_exif(block: bytes) -> bytes:
    """A JPEG with an EXIF block that no camera writes."""
    body = b"Exif\0\0" + block
    plain = encoded(picture(), "JPEG")
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain[2:]


def exif_that_leads_before_its_beginning() -> bytes:
    """Orientation 6, and a directory of the place where it was taken that lies at -66."""
    entries = [(0x0112, 3, 1, struct.pack("<HH", 6, 0)), (0x8825, 9, 1, struct.pack("<i", -66))]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries
    )
    return b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", 0)


def many_scans(scans: int) -> bytes:
    """A progressive JPEG whose last scan is there so many times: each is a pass over the picture."""
    data = encoded(picture(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * scans + data[-2:]


def animated(kind: str) -> bytes:
    """Three pictures in one file."""
    first, *others = (picture(), Image.new("RGB", (WIDTH, HEIGHT)), Image.new("RGB", (WIDTH, HEIGHT), "red"))
    return encoded(first, kind, save_all=True, append_images=others)


def _palette() -> Image.Image:
    return picture().quantize(16)


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("rose/1.png", encoded(picture(), "PNG"))
    return file.getvalue()


def _cut(kind: str, share: int) -> bytes:
    data = encoded(picture(), kind)
    return data[: len(data) * share // 100]


UPRIGHT, SIDEWAYS = (HEIGHT, WIDTH), (WIDTH, HEIGHT)
BROKEN = {"JPEG": "a broken JPEG", "PNG": "a broken PNG", "WEBP": "a broken WebP", "HEIF": "a broken HEIC"}

TAKEN: dict[str, PhotoCase] = {
    **{f"{kind} plain": PhotoCase(partial(encoded, picture(), kind), UPRIGHT) for kind in BROKEN},
    **{f"{kind} of one pixel": PhotoCase(partial(encoded, picture(size=(1, 1)), kind), (1, 1)) for kind in ("JPEG", "PNG", "WEBP")},
    **{f"JPEG {mode}": PhotoCase(partial(encoded, picture(mode), "JPEG"), UPRIGHT) for mode in ("L", "CMYK", "YCbCr")},
    **{f"PNG {mode}": PhotoCase(partial(encoded, picture(mode), "PNG"), UPRIGHT) for mode in ("1", "L", "LA", "RGBA", "I;16")},
    **{
        f"{kind} turned by {way}": PhotoCase(partial(turned, way, kind), SIDEWAYS if way > 4 else UPRIGHT)
        for kind in ("JPEG", "PNG", "WEBP")
        for way in range(1, 9)
    },
    **{f"JPEG turned by {way}, which is no way": PhotoCase(partial(turned, way), UPRIGHT) for way in (0, 9, 65535)},
    **{f"{kind} animated": PhotoCase(partial(animated, kind), UPRIGHT) for kind in ("PNG", "WEBP", "MPO")},
    "JPEG progressive": PhotoCase(lambda: encoded(picture(), "JPEG", progressive=True), UPRIGHT),
    "JPEG with an end behind its end": PhotoCase(lambda: encoded(picture(), "JPEG") + b"more" * 99, UPRIGHT),
    "JPEG with metadata that are none": PhotoCase(lambda: with_exif(b"\xff" * 40), UPRIGHT),
    "JPEG with metadata that lead in a circle": PhotoCase(lambda: with_exif(b"II*\0\x08\0\0\0\0\0\x08\0\0\0"), UPRIGHT),
    "JPEG turned, with metadata that lead before their beginning": PhotoCase(
        lambda: with_exif(exif_that_leads_before_its_beginning()), SIDEWAYS
    ),
    "PNG of a palette": PhotoCase(lambda: encoded(_palette(), "PNG"), UPRIGHT),
    "PNG of a palette with a clear colour": PhotoCase(lambda: encoded(_palette(), "PNG", transparency=3), UPRIGHT),
    "PNG of 16 bits a colour": PhotoCase(lambda: png(5, 3, depth=16), (3, 5)),
    "PNG of 16 bits with alpha": PhotoCase(lambda: png(5, 3, depth=16, colours=6), (3, 5)),
    "PNG with a program behind it": PhotoCase(lambda: encoded(picture(), "PNG") + b"<script>1</script>", UPRIGHT),
    "PNG that is a zip too": PhotoCase(lambda: encoded(picture(), "PNG") + _zip(), UPRIGHT),
    "WebP without loss, clear": PhotoCase(lambda: encoded(picture("RGBA"), "WEBP", lossless=True), UPRIGHT),
    "a strip one pixel wide": PhotoCase(lambda: encoded(Image.new("RGB", (1, 9_000)), "PNG"), (9_000, 1)),
    "a strip one pixel high": PhotoCase(lambda: encoded(Image.new("RGB", (70_000, 1)), "PNG"), (1, 70_000)),
}

REFUSED: dict[str, PhotoCase] = {
    "nothing": PhotoCase(lambda: b"", words="0 bytes"),
    "one byte": PhotoCase(lambda: b"\xff", words="1 bytes"),
    "zeros": PhotoCase(lambda: bytes(5_000), words="5,000 bytes"),
    **{
        f"{kind} cut at {share} %": PhotoCase(partial(_cut, kind, share), words=words)
        for kind, words in BROKEN.items()
        for share in (20, 50, 90)
    },
    "JPEG head alone": PhotoCase(lambda: b"\xff\xd8\xff", words="a broken JPEG"),
    "PNG with a wrong checksum": PhotoCase(lambda: _flipped(encoded(picture(), "PNG"), 20), words="a broken PNG"),
    "PNG of no width": PhotoCase(lambda: png(0, 5), words="Received"),
    "PNG without a picture": PhotoCase(lambda: PNG_HEAD + png_chunk(b"IEND", b""), words="a broken PNG"),
    "GIF, animated": PhotoCase(lambda: animated("GIF"), words="a GIF"),
    "TIFF": PhotoCase(lambda: encoded(picture(), "TIFF"), words="of another kind"),
    "BMP": PhotoCase(lambda: encoded(picture(), "BMP"), words="of another kind"),
    "a film": PhotoCase(lambda: b"\0\0\0\x20ftypisom" + bytes(60), words="a film"),
    "SVG": PhotoCase(lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", words="an SVG drawing"),
    "HTML": PhotoCase(lambda: b"<!DOCTYPE html><img src=x onerror=alert(1)>", words="a web page"),
    "PDF": PhotoCase(lambda: b"%PDF-1.7 ...", words="a PDF"),
    "a zip": PhotoCase(_zip, words="a zip"),
    "a pickle": PhotoCase(lambda: pickle.dumps({"rose": 1}), words="of another kind"),
    "30,000 × 30,000": PhotoCase(lambda: png(30_000, 30_000), words="too many pixels"),
    "just over 50 megapixels": PhotoCase(lambda: png(10_000, 5_001), words="10000 × 5001"),
    "2,147,483,647 × 2,147,483,647": PhotoCase(lambda: png(2**31 - 1, 2**31 - 1), words="too many pixels"),
    "a bomb: black that unpacks to two gigabytes": PhotoCase(
        lambda: png(25_000, 25_000, rows=bytes(10**6)), words="too many pixels"
    ),
    "a bomb: text of 200 MB": PhotoCase(
        lambda: png(4, 4, more=png_chunk(b"zTXt", b"t\0\0" + zlib.compress(bytes(2 * 10**8), 1))), words="a broken PNG"
    ),
    "a bomb: five thousand layers": PhotoCase(lambda: many_scans(5_000), words="too many layers"),
    "more than 20 MB": PhotoCase(lambda: encoded(picture(), "JPEG") + bytes(20_000_000), words="at most 20 MB"),
}


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


# Those of the files above that are not worth changing: large, or slow to make.
LARGE = ("a bomb", "more than 20 MB", "a strip")


@functools.cache
def small_photos() -> tuple[bytes, ...]:
    """The bytes of all files above that are small: what mutations begin from."""
    return tuple(case.make() for name, case in {**TAKEN, **REFUSED}.items() if not name.startswith(LARGE))
