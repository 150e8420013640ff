"""Photos: safe reading and the one resize code."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile
from pillow_heif import register_heif_opener

from flowerlab.errors import BadPhoto
from flowerlab.photos.reading import RESIZE_MODES, read_photo, resize_photo


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


CORNERS = np.zeros((16, 32, 3), dtype=np.uint8)
CORNERS[:8, :16], CORNERS[:8, 16:] = (255, 0, 0), (0, 255, 0)
CORNERS[8:, :16], CORNERS[8:, 16:] = (0, 0, 255), (255, 255, 255)
# What a viewer must do to a photo stored with each orientation, so that it stands upright.
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].transpose(1, 0, 2),
    8: lambda stored: np.rot90(stored),
}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_turns_the_photo(orientation: int, kind: str) -> None:
    """Each of the eight orientations is turned and mirrored upright."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {"JPEG": {"quality": 95, "subsampling": 0}, "PNG": {}, "WEBP": {"lossless": True}}[kind]
    photo = read_photo(encoded(Image.fromarray(CORNERS), kind, exif=exif, **more))
    upright = UPRIGHT[orientation](CORNERS)
    assert photo.shape == upright.shape
    assert np.abs(photo.astype(int) - upright)[2:-2:4, 2:-2:4].max() <= 40


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_changes_nothing(orientation: int) -> None:
    """A photo whose EXIF entry has no meaning stays as it is stored."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert (read_photo(encoded(Image.fromarray(CORNERS), "PNG", exif=exif)) == CORNERS).all()


def test_a_phones_heic_is_read() -> None:
    """HEIC, which many phones make, is told from its bytes and read in its colours."""
    register_heif_opener()
    photo = read_photo(encoded(Image.fromarray(CORNERS), "HEIF", quality=95), "rose.jpg")
    assert (photo.shape, photo.dtype) == ((16, 32, 3), np.uint8)
    assert np.abs(photo.astype(int) - CORNERS)[4::8, 4::8].max() <= 40
    with pytest.raises(BadPhoto, match=r"rose\.heic cannot be read"):
        read_photo(encoded(Image.fromarray(CORNERS), "HEIF")[:200], "rose.heic")


@pytest.mark.parametrize(
    ("image", "kind", "expected"),
    [
        (Image.new("L", (3, 2), 77), "PNG", (77, 77, 77)),
        (Image.new("L", (3, 2), 77), "JPEG", (77, 77, 77)),
        (Image.new("1", (3, 2), 1), "PNG", (255, 255, 255)),
        (Image.new("LA", (3, 2), (0, 128)), "PNG", (127, 127, 127)),
        (Image.new("RGB", (3, 2), (9, 120, 240)).quantize(4), "PNG", (9, 120, 240)),
        (Image.new("RGBA", (3, 2), (255, 0, 0, 128)), "PNG", (255, 127, 127)),
        (Image.new("RGBA", (3, 2), (255, 0, 0, 0)), "WEBP", (255, 255, 255)),
        (Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "JPEG", (0, 255, 255)),
        (Image.new("CMYK", (16, 16), (0, 0, 0, 255)), "JPEG", (0, 0, 0)),
        (Image.new("I;16", (3, 2), 65535), "PNG", (255, 255, 255)),
        (Image.new("I;16", (3, 2), 257), "PNG", (1, 1, 1)),
        (Image.new("RGB", (1, 1), (1, 2, 3)), "PNG", (1, 2, 3)),
    ],
)
def test_every_kind_of_picture_keeps_its_colours(image: Image.Image, kind: str, expected: tuple[int, int, int]) -> None:
    """Grey, black and white, palette, half transparent, CMYK, 16 bits, a single pixel: all come as RGB of their size."""
    photo = read_photo(encoded(image, kind))
    assert photo.shape == (image.height, image.width, 3)
    assert np.abs(photo.astype(int) - expected).max() <= 3


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    """A palette's transparent colour is white, the others stay."""
    image = Image.fromarray(np.array([[0, 1]], dtype=np.uint8), "L").convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    photo = read_photo(encoded(image, "PNG", transparency=0))
    assert photo.tolist() == [[[255, 255, 255], [40, 50, 60]]]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    """Of several pictures in one file the first is read."""
    second = Image.new("RGB", PLAIN.size, (0, 255, 0))
    photo = read_photo(encoded(PLAIN, kind, save_all=True, append_images=[second]))
    assert photo.shape == (20, 40, 3)
    assert np.abs(photo.astype(int) - (200, 30, 60)).max() <= 6


def with_size(width: int, height: int) -> bytes:
    """A small PNG whose header claims another size."""
    data = bytearray(encoded(PLAIN, "PNG"))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


@pytest.mark.parametrize("size", [(30_000, 30_000), (10_000, 5_001), (2**31 - 1, 2**31 - 1), (10**8, 1)])
def test_a_bomb_is_refused_before_it_is_unpacked(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A header that claims too many pixels is enough: nothing is unpacked, and the sentence says why."""

    def load(*_: object) -> None:
        raise AssertionError("It was unpacked.")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(BadPhoto, match=r"rose\.png has too many pixels.*Received"):
        read_photo(with_size(*size), "rose.png")


def test_too_many_bytes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over the limit is refused for its length, one at the limit is read."""
    data = encoded(PLAIN, "PNG")
    monkeypatch.setattr("flowerlab.photos.reading.MAX_BYTES", len(data))
    assert read_photo(data).shape == (20, 40, 3)
    with pytest.raises(BadPhoto, match="too large"):
        read_photo(data + b"\0")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WebP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_photo_cut_short_is_refused(kind: str, share: float) -> None:
    """A photo that lacks its end is refused, not filled up with grey."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(BadPhoto, match=f"Received: a broken {kind}"):
        read_photo(data[: int(len(data) * share)])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "0 bytes"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "an SVG drawing"),
        (b"<?xml version='1.0'?>\n<svg/>", "an SVG drawing"),
        (b"\n<!DOCTYPE html><p>A rose", "a web page"),
        (b"<html>A rose</html>", "a web page"),
        (b"%PDF-1.7", "a PDF"),
        (encoded(PLAIN, "GIF"), "a GIF"),
        (encoded(PLAIN, "TIFF"), "bytes of another kind"),
        (encoded(PLAIN, "BMP"), "bytes of another kind"),
    ],
)
def test_a_disguise_is_named(data: bytes, words: str) -> None:
    """Whatever its name says, the sentence tells what really came."""
    with pytest.raises(BadPhoto, match=f"rose.jpg .*Received: .*{words}"):
        read_photo(data, "rose.jpg")


@pytest.mark.parametrize(
    "data",
    [b"", b"<svg xmlns='x'/>", b"<html>no photo</html>", b"%PDF-1.7", b"PK\x03\x04", encoded(PLAIN, "PNG")[:60], b"\xff\xd8\xff"],
)
def test_what_is_no_photo_is_one_sentence(data: bytes) -> None:
    """An empty, cut or disguised file is named in one sentence that says what came."""
    with pytest.raises(BadPhoto, match=r"rose\.jpg .*Received") as caught:
        read_photo(data, "rose.jpg")
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=300))
def test_any_bytes_raise_nothing_else(data: bytes) -> None:
    """Whatever the bytes, the answer is a photo or BadPhoto."""
    for start in (b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP", b"\x00\x00\x00\x18ftypheic"):
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
