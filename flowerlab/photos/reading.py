"""Photos: safe reading, and the one resize code, used by training and upload alike."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, WebPImagePlugin

from flowerlab.errors import BadPhoto, legible

MAX_BYTES = 20_000_000
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
MAX_PIXELS = 50_000_000
# A progressive JPEG comes in about ten scans, each a pass over the whole picture; a few bytes make one more.
JPEG, JPEG_SCAN, MAX_SCANS = b"\xff\xd8", b"\xff\xda", 100
BAND_PIXELS = 2_000_000
# Pillow's JPEG reader also takes MPO, the JPEG of phones that keep a second picture after the first.
FORMATS = ("JPEG", "PNG", "WEBP")
# Pillow loads this reader late; naming it here loads it now.
assert WebPImagePlugin.SUPPORTED
HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1")
LECTURE_HEIGHT, LECTURE_WIDTH = 442, 1024

RESIZE_MODES: dict[str, str] = {
    "squash": "The whole photo is pressed into the square; a wide flower becomes a narrow one.",
    "crop": "The middle square is cut out; what lies outside is lost, and nothing changes its shape.",
    "pad": "The whole photo is kept in its shape, with black bars beside it.",
    "lecture": "The photo is put into the corner of a black canvas of 1024 × 442 pixels, which is then squashed: "
    "most of the square stays black, as in the lecture.",
}

# What turns a photo upright, by the EXIF entry Orientation.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Pixels = NDArray[np.uint8]


def read_photo(data: bytes, name: str = "photo") -> Pixels:
    """Reads a JPEG, PNG, WebP or HEIC photo. Its type is read from its bytes, never from its name.

    It is turned upright by its EXIF entry; transparency becomes white; of an animation the first picture is taken.

    Args:
        data: The encoded photo, at most 20 MB. Of a longer file no more than one byte above that need be given.

    Returns:
        uint8, (height, width, 3), RGB, 0..255.

    Raises:
        BadPhoto: If it is empty, too large, cut short, or no photo at all.
    """
    with _opened(data, name) as image:
        return _to_rgb(_upright(image))


def read_grey(data: bytes, size_px: int, name: str = "photo") -> NDArray[np.float64]:
    """Reads a photo as a small grey square, quickly: of a JPEG only the coarse waves are decoded.

    Args:
        size_px: Side of the square, 1 or more; the whole photo is pressed into it.

    Returns:
        float64, (size_px, size_px), 0..255.

    Raises:
        BadPhoto: As `read_photo`.
    """
    with _opened(data, name) as image:
        image.draft("L", (2 * size_px, 2 * size_px))
        grey = _upright(image)
        if grey.mode != "L":
            grey = Image.fromarray(_to_rgb(grey)).convert("L")
        return np.asarray(grey.resize((size_px, size_px), Image.Resampling.BOX), dtype=np.float64)


@contextmanager
def _opened(data: bytes, name: str) -> Iterator[Image.Image]:
    """Gives a photo that is of a known kind and not too large; any failure in the block is a `BadPhoto`."""
    name = legible(name)
    if not data:
        raise BadPhoto(f"{name} is empty. Expected a JPEG, PNG, WebP or HEIC photo. Received: 0 bytes. Choose another file.")
    if len(data) > MAX_BYTES:
        raise BadPhoto(f"{name} is too large. Expected at most {MAX_BYTES / 1e6:g} MB. Received: more than that. Save it smaller.")
    if data.startswith(JPEG) and (scans := data.count(JPEG_SCAN)) > MAX_SCANS:
        raise BadPhoto(
            f"{name} is drawn in too many layers. Expected a JPEG of at most {MAX_SCANS}. Received: {scans:,}, each of which "
            "costs time. Open it in another program and save it anew."
        )
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs and odd metadata; size is checked below, metadata does not matter.
            warnings.simplefilter("ignore")
            with _open(data) as image:
                _check_size(image, name)
                yield image
    except BadPhoto:
        raise
    except Image.DecompressionBombError:
        # Pillow refuses by itself, before its size can be asked for, what has far too many pixels.
        raise BadPhoto(
            f"{name} has too many pixels. Expected at most {MAX_PIXELS // 10**6} megapixels. "
            "Received: a picture of several times that. Save it smaller."
        ) from None
    except Exception:
        # Pillow's decoders raise errors of any kind on hostile bytes.
        raise BadPhoto(
            f"{name} cannot be read as a photo. Expected a whole JPEG, PNG, WebP or HEIC file. "
            f"Received: {_describe(data)}. Open it in another program and save it as JPEG."
        ) from None


def _open(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        from pillow_heif import register_heif_opener

        register_heif_opener()
        return Image.open(io.BytesIO(data), formats=("HEIF",))
    return Image.open(io.BytesIO(data), formats=FORMATS)


def _check_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise BadPhoto(
            f"{name} has too many pixels. Expected at most {MAX_PIXELS // 10**6} megapixels. "
            f"Received: {width} × {height}. Save it smaller."
        )


def _upright(image: Image.Image) -> Image.Image:
    """Turns a photo as its EXIF entry says; `ImageOps.exif_transpose` also reads the other entries, and fails on damaged ones."""
    image.load()
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # The photo is as good without its metadata.
        return image
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> Pixels:
    """Converts band by band: the whole picture in several modes at once would take a gigabyte."""
    width, height = image.size
    photo = np.empty((height, width, 3), dtype=np.uint8)
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        photo[top : top + rows] = _band_to_rgb(image.crop((0, top, width, min(height, top + rows))))
    return photo


def _band_to_rgb(band: Image.Image) -> Pixels:
    if band.mode.startswith("I") or band.mode == "F":
        # 16-bit greys: `convert` would clip them to white.
        grey = (np.clip(np.asarray(band, dtype=np.float32), 0, 65535) / 257).round().astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if band.has_transparency_data:
        layered = band.convert("RGBA")
        band = Image.alpha_composite(Image.new("RGBA", layered.size, (255, 255, 255, 255)), layered)
    return np.asarray(band.convert("RGB"), dtype=np.uint8)


def _describe(data: bytes) -> str:
    head = data[:200].lstrip().lower()
    for start, words in (
        (b"%pdf", "a PDF"),
        (b"pk\x03\x04", "a zip"),
        (b"gif8", "a GIF"),
        (b"\xff\xd8", "a broken JPEG"),
        (b"\x89png", "a broken PNG"),
        (b"riff", "a broken WebP"),
    ):
        if head.startswith(start):
            return words
    if data[4:8] == b"ftyp":
        return "a broken HEIC" if data[8:12] in HEIF_BRANDS else "a film, or a photo of another kind"
    if b"<svg" in head:
        return "an SVG drawing"
    return "a web page" if b"<html" in head or b"<!doctype" in head else f"{len(data):,} bytes of another kind"


def resize_photo(photo: Pixels, size_px: int, mode: str) -> Pixels:
    """Makes a square of a photo of any shape, with Pillow's bilinear filter and its antialiasing.

    Args:
        photo: uint8, (height, width, 3), RGB.
        size_px: Side of the square, 1 or more.

    Returns:
        uint8, (size_px, size_px, 3).

    Raises:
        ValueError: If there is no such mode.
    """
    image = Image.fromarray(photo)
    side = (size_px, size_px)
    if mode == "crop":
        image = ImageOps.fit(image, side, Image.Resampling.BILINEAR)
    elif mode == "pad":
        image = ImageOps.pad(image, side, Image.Resampling.BILINEAR, color=(0, 0, 0))
    elif mode == "lecture":
        image = _on_lecture_canvas(image).resize(side, Image.Resampling.BILINEAR)
    elif mode == "squash":
        image = image.resize(side, Image.Resampling.BILINEAR)
    else:
        raise ValueError(f"There is no such resize mode. Expected one of {', '.join(RESIZE_MODES)}. Received: {mode!r}.")
    return np.array(image, dtype=np.uint8)


def _on_lecture_canvas(image: Image.Image) -> Image.Image:
    """Pads with black at the right and the bottom, where TFDS pads with `batch_size=-1`; larger photos are first shrunk."""
    share = min(1.0, LECTURE_WIDTH / image.width, LECTURE_HEIGHT / image.height)
    if share < 1:
        size = (max(1, round(image.width * share)), max(1, round(image.height * share)))
        image = image.resize(size, Image.Resampling.BILINEAR)
    canvas = Image.new("RGB", (LECTURE_WIDTH, LECTURE_HEIGHT))
    canvas.paste(image, (0, 0))
    return canvas
