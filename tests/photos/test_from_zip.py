"""Photos out of a zip: taken, or left out with a sentence, and never too many bytes."""

from __future__ import annotations

import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.errors import BadInput
from flowerlab.photos import from_zip as photo_zip
from flowerlab.photos.from_zip import unzip_photos


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def test_photos_are_taken_from_any_folder() -> None:
    """By the ends of their names, in order; hidden files, other files and what a Mac adds are passed over."""
    data = zipped(
        ("roses/a.JPG", b"1"),
        ("b.png", b"2"),
        ("deep/er/c.webp", b"3"),
        ("notes.txt", b"4"),
        ("__MACOSX/b.png", b"5"),
        (".hidden.jpg", b"6"),
        ("dir.jpg/", b""),
    )
    found = unzip_photos(data, "z.zip", most=10)
    assert found.photos == (("a.JPG", b"1"), ("b.png", b"2"), ("c.webp", b"3"))
    assert found.left_out == ()


def test_no_more_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many photos, or so many bytes, the rest is left out, and a sentence says how many."""
    data = zipped(*((f"{number}.jpg", b"x" * 1000) for number in range(9)))
    found = unzip_photos(data, "z.zip", most=4)
    assert len(found.photos) == 4
    assert "5 were left out" in found.left_out[0]
    monkeypatch.setattr(photo_zip, "MOST_UNPACKED_BYTES", 2500)
    found = unzip_photos(data, "z.zip", most=100)
    assert len(found.photos) == 3
    assert sum(len(photo) for _, photo in found.photos) <= 2501
    assert "6 were left out" in found.left_out[0]


def test_a_bomb_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what unpacks to far more than a photo may have one byte more is read, and nothing kept; the others come."""
    monkeypatch.setattr(photo_zip, "MAX_BYTES", 5000)
    found = unzip_photos(zipped(("bomb.jpg", b"\0" * 10_000_000), ("whole.jpg", b"1" * 5000)), "z.zip", most=10)
    assert [name for name, _ in found.photos] == ["whole.jpg"]
    assert found.read_bytes == 10_001
    assert "bomb.jpg is too large" in found.left_out[0]


def test_links_and_odd_packings_are_left_out() -> None:
    """A link is no photo; what LZMA packed is not unpacked, and gets a sentence."""
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(BadInput, match="no photo"):
        unzip_photos(zipped((link, b"/etc/passwd")), "z.zip", most=10)
    found = unzip_photos(zipped(("a.jpg", b"1" * 100), method=zipfile.ZIP_LZMA), "z.zip", most=10)
    assert not found.photos
    assert "a.jpg cannot be read" in found.left_out[0]


def test_too_long_lists_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip that lists more files than may be is refused before they are looked at."""
    monkeypatch.setattr(photo_zip, "MOST_ENTRIES", 10)
    with pytest.raises(BadInput, match="lists too much"):
        unzip_photos(zipped(*((f"{number}.jpg", b"") for number in range(11))), "z.zip", most=10)


WHOLE = zipped(("a.jpg", b"photo" * 50), ("b.png", b"other" * 50))


@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=20), st.booleans())
def test_whatever_comes_is_taken_or_refused(place: int, junk: bytes, cut: bool) -> None:
    """A zip with bytes changed, or cut short, gives photos, left out ones, or one sentence."""
    data = WHOLE[:place] if cut else WHOLE[:place] + junk + WHOLE[place + len(junk) :]
    try:
        found = unzip_photos(data, "z.zip", most=10)
    except BadInput:
        return
    assert all(isinstance(photo, bytes) for _, photo in found.photos)
