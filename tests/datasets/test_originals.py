"""Originals: a data set's photos in one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowerlab.datasets.originals import Original, open_originals, write_originals
from flowerlab.home import Home

PHOTOS = [Original("a/1.jpg", 0, b"first"), Original("a/2.jpg", 0, b""), Original("b/1.jpg", 1, b"third photo")]


def test_what_is_written_is_read_back(home: Home) -> None:
    """Ids, labels, classes and bytes come back as they went in."""
    written = write_originals(home.originals / "set", ("a", "b"), PHOTOS)
    opened = open_originals(home.originals / "set")
    assert opened is not None
    assert [opened.data(position) for position in range(3)] == [photo.data for photo in PHOTOS]
    assert opened.ids == ("a/1.jpg", "a/2.jpg", "b/1.jpg")
    assert opened.labels.tolist() == [0, 0, 1]
    assert opened.classes == ("a", "b")
    assert opened.content == written.content


def test_content_changes_with_anything(home: Home) -> None:
    """Another byte, label or class name gives another content hash."""
    base = write_originals(home.originals / "base", ("a", "b"), PHOTOS).content
    others = [
        (("a", "c"), PHOTOS),
        (("a", "b"), [*PHOTOS[:2], Original("b/1.jpg", 0, b"third photo")]),
        (("a", "b"), [*PHOTOS[:2], Original("b/1.jpg", 1, b"third phot!")]),
        (("a", "b"), PHOTOS[::-1]),
    ]
    hashes = {
        write_originals(home.originals / f"other-{number}", classes, photos).content
        for number, (classes, photos) in enumerate(others)
    }
    assert len(hashes | {base}) == 5


def test_a_broken_off_write_leaves_nothing(home: Home) -> None:
    """If gathering fails half-way, no folder is left that could be taken for whole."""

    def photos() -> Iterator[Original]:
        yield PHOTOS[0]
        raise RuntimeError("the network broke")

    with pytest.raises(RuntimeError):
        write_originals(home.originals / "set", ("a", "b"), photos())
    assert open_originals(home.originals / "set") is None
    assert list(home.originals.iterdir()) == []


def test_a_file_cut_short_is_not_opened(home: Home) -> None:
    """A photo file of another length than the index says is refused."""
    write_originals(home.originals / "set", ("a", "b"), PHOTOS)
    file = home.originals / "set" / "photos.bin"
    file.write_bytes(file.read_bytes()[:-1])
    assert open_originals(home.originals / "set") is None
