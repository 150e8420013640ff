"""Photos: safe reading and the one resize code."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flowerlab.errors import BadPhoto
from flowerlab.photos import RESIZE_MODES, read_photo, resize_photo


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """An image as a file's bytes."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


PLAIN = Image.new("RGB", (40, 20), (200, 30, 60))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_comes_back_as_rgb(kind: str) -> None:
    """Each format gives uint8 (height, width, 3) in its colours."""
    photo = read_photo(encoded(PLAIN, kind))
    assert (photo.shape, photo.dtype) == ((20, 40, 3), np.uint8)
    assert np.abs(photo.astype(int) - (200, 30, 60)).max() <= 6


def test_odd_colour_modes_are_converted() -> None:
    """Transparency becomes white, CMYK keeps its shape, 16 bits are scaled and not clipped."""
    clear = read_photo(encoded(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG"))
    assert (clear == 255).all()
    assert read_photo(encoded(PLAIN.convert("CMYK"), "JPEG")).shape == (20, 40, 3)
    deep = Image.fromarray(np.full((8, 8), 32768, dtype=np.uint16))
    assert abs(int(read_photo(encoded(deep, "PNG"))[0, 0, 0]) - 128) <= 1


def test_exif_turns_the_photo() -> None:
    """Orientation 6 makes a wide photo tall."""
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_photo(encoded(PLAIN, "JPEG", exif=exif)).shape == (40, 20, 3)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='x'/>",
        b"<html>no photo</html>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        encoded(PLAIN, "PNG")[:60],
        b"\xff\xd8\xff",
    ],
)
def test_what_is_no_photo_is_one_sentence(data: bytes) -> None:
    """An empty, cut or disguised file is named in one sentence that says what came."""
    with pytest.raises(BadPhoto, match=r"rose\.jpg .*Received") as caught:
        read_photo(data, "rose.jpg")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing_else(data: bytes) -> None:
    """Whatever the bytes, the answer is a photo or BadPhoto."""
    for start in (
        b"",
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"\x00\x00\x00\x18ftypheic",
    ):
        with pytest.raises(BadPhoto):
            read_photo(start + data)


@pytest.mark.parametrize("mode", list(RESIZE_MODES))
def test_every_mode_gives_a_square(mode: str) -> None:
    """Each mode makes a square of any shape; the lecture's leaves most of it black."""
    photo = np.full((240, 320, 3), 255, dtype=np.uint8)
    square = resize_photo(photo, 72, mode)
    assert square.shape == (72, 72, 3)
    lit = float((square > 127).mean())
    expected = {"squash": 1.0, "crop": 1.0, "pad": 0.75, "lecture": 240 * 320 / (442 * 1024)}[mode]
    assert lit == pytest.approx(expected, abs=0.03)
