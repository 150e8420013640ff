"""Prepared photos: made once, in the order in which they are split, and made anew if they are damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from flowerlab.datasets import prepared
from flowerlab.datasets.gather import gather
from flowerlab.datasets.import_folder import import_folder
from flowerlab.datasets.originals import Original, Originals, write_originals
from flowerlab.datasets.parts import order_of
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.errors import BadPhoto
from flowerlab.home import Home
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.system.locks import ProcessLock
from tests.support.photos import GARDEN, photo, some

SIZE = 8


def ready(
    home: Home,
    originals: Originals,
    dataset: str = "folder:set",
    *,
    size: int = SIZE,
    how: str = "squash",
    progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Prepared:
    """Prepares a data set."""
    return prepare(home, originals, dataset, image_size=size, resize=how, progress=progress)


@pytest.fixture
def resized(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one item for every photo that is resized."""
    made: list[int] = []

    def counted(one: np.ndarray, size_px: int, mode: str) -> np.ndarray:
        made.append(size_px)
        return resize_photo(one, size_px, mode)

    monkeypatch.setattr(prepared, "resize_photo", counted)
    return made


@pytest.mark.parametrize("dataset", ["folder:set", "garden", "tf_flowers"])
@pytest.mark.parametrize("count", [30, prepared.CHUNK + 3])
def test_each_row_is_its_photo(home: Home, dataset: str, count: int) -> None:
    """Row by row, id, label, digest and pixels belong to one photo, and no photo is missing or there twice."""
    originals = some(home, count=count)
    made = ready(home, originals, dataset)
    assert (made.photos.shape, made.photos.dtype) == ((count, SIZE, SIZE, 3), np.uint8)
    assert sorted(made.ids) == sorted(originals.ids)
    assert made.classes == ("a", "b")
    for row, photo_id in enumerate(made.ids):
        position = originals.ids.index(photo_id)
        assert made.labels[row] == originals.labels[position]
        assert made.digests is None or made.digests[row] == originals.digests[position]
        assert (made.photos[row] == resize_photo(read_photo(originals.data(position)), SIZE, "squash")).all()


def test_the_order_is_the_data_sets_own_or_stratified(home: Home) -> None:
    """tf_flowers keeps its order and its cuts to the photo; all others are put in one seeded order that mixes classes."""
    photos = [Original(f"{number:03}", number // 15, photo(number)) for number in range(30)]
    originals = write_originals(home.originals / "set", ("a", "b"), photos)
    kept = ready(home, originals, "tf_flowers")
    assert kept.ids == originals.ids
    assert kept.digests is None
    mixed = ready(home, originals)
    assert mixed.ids != originals.ids
    assert mixed.ids == ready(home, originals, "garden").ids
    assert mixed.ids == tuple(originals.ids[position] for position in order_of(originals, "folder:set"))
    assert Counter(mixed.labels[:10].tolist()) == {0: 5, 1: 5}


def test_the_key_changes_with_whatever_the_pixels_depend_on(home: Home) -> None:
    """Size, resize mode and content each give another key and another array; the same again gives the same."""
    originals = some(home)
    base = ready(home, originals)
    others = [
        ready(home, originals, size=SIZE + 1),
        ready(home, originals, how="pad"),
        ready(home, originals, "tf_flowers"),
        ready(home, some(home, "other", begin=1)),
        ready(home, some(home, "fewer", count=29)),
    ]
    assert len({base.key, *(one.key for one in others)}) == 6
    assert {path.name for path in home.prepared.iterdir()} == {base.key, *(one.key for one in others)}
    assert ready(home, some(home, "copy")).key == base.key


def test_it_is_made_once(home: Home, resized: list[int]) -> None:
    """The second call opens the array that the first made and resizes nothing; copies of the photos share it."""
    originals = some(home)
    steps: list[tuple[str, int, int]] = []
    first = ready(home, originals, progress=lambda *step: steps.append(step))
    assert len(resized) == 30
    assert steps == [("Resizing photos", 0, 30), ("Resizing photos", 30, 30)]
    made = (home.prepared / first.key / "photos.npy").stat()
    second = ready(home, some(home, "copy"), progress=lambda *step: steps.append(step))
    assert len(resized) == 30
    assert len(steps) == 2
    again = (home.prepared / first.key / "photos.npy").stat()
    assert (again.st_ino, again.st_mtime_ns) == (made.st_ino, made.st_mtime_ns)
    assert isinstance(second.photos, np.memmap)
    assert (second.photos == first.photos).all()
    assert not second.photos.flags.writeable


@pytest.mark.parametrize("damage", ["cut short", "empty", "gone", "another shape", "another type"])
def test_a_damaged_array_is_made_anew(home: Home, resized: list[int], damage: str) -> None:
    """An array that is cut short, gone, or not what it should be is replaced by a whole one."""
    originals = some(home)
    first = ready(home, originals)
    whole = np.array(first.photos)
    file = home.prepared / first.key / "photos.npy"
    data = file.read_bytes()
    # The old array is still mapped: its file is replaced and not written over.
    file.unlink()
    if damage == "cut short":
        file.write_bytes(data[:-1])
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "another shape":
        np.save(file, whole[:-1])
    elif damage == "another type":
        np.save(file, whole.astype(np.int8))
    second = ready(home, originals)
    assert len(resized) == 60
    assert (second.photos == whole).all()
    assert (second.photos.shape, second.photos.dtype) == (whole.shape, np.uint8)
    assert [path.name for path in home.prepared.iterdir()] == [first.key]


def test_damaged_originals_are_gathered_anew(home: Home, tmp_path: Path) -> None:
    """Gathered photos whose file was cut short are gathered again from where they came."""
    for number in range(20):
        path = tmp_path / "plants" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(number))
    import_folder(tmp_path / "plants", home.folders)
    first = gather(home, "folder:plants", GARDEN)
    file = first.folder / "photos.bin"
    file.write_bytes(file.read_bytes()[:-1])
    second = gather(home, "folder:plants", GARDEN)
    assert second.content == first.content
    assert [second.data(position) for position in (0, 19)] == [photo(0), photo(19)]


@pytest.mark.parametrize("at", [0, prepared.CHUNK, prepared.CHUNK + 3])
def test_giving_up_leaves_nothing(home: Home, at: int) -> None:
    """If `progress` raises, at the beginning or the end, neither an array nor a part is left, and the lock is free."""
    originals = some(home, count=prepared.CHUNK + 3)

    def stopped(step: str, done: int, total: int) -> None:
        if done == at:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        ready(home, originals, progress=stopped)
    assert list(home.prepared.iterdir()) == []
    assert all(ProcessLock(path).acquire() for path in home.locks.iterdir())
    assert len(ready(home, originals).ids) == prepared.CHUNK + 3


def test_a_photo_that_cannot_be_read_leaves_nothing(home: Home) -> None:
    """A photo that cannot be read ends it with that photo's name, and no half array is left."""
    photos = [Original("good", 0, photo(1)), Original("torn", 1, photo(2)[:40])]
    originals = write_originals(home.originals / "set", ("a", "b"), photos)
    with pytest.raises(BadPhoto, match="torn cannot be read"):
        ready(home, originals)
    assert list(home.prepared.iterdir()) == []


@pytest.mark.parametrize("copies", [(2, 2, 2, 2, 2, 2, 2, 2, 2, 2), (1, 9, 1, 1, 9, 1), (12, 3, 7), (1, 1, 1, 1, 1, 1, 14)])
@pytest.mark.parametrize("fraction", [0.1, 0.2, 0.5])
def test_equal_photos_are_never_in_two_parts(home: Home, copies: Sequence[int], fraction: float) -> None:
    """Photos with the same bytes, even under two labels, train, validate or test, but never two of these."""
    numbers = [number for number, count in enumerate(copies) for _ in range(count)]
    photos = [Original(f"{place:03}", place % 2, photo(number)) for place, number in enumerate(numbers)]
    originals = write_originals(home.originals / "set", ("a", "b"), photos)
    made = ready(home, originals)
    split = made.split("honest", fraction)
    parts = [{made.photos[row].tobytes() for row in part} for part in (split.train, split.validation, split.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(len(numbers)))
