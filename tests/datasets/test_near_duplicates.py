"""Near-duplicates: the hash is the stated one, the pairs are those within the threshold, and leaks lie across the split."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from PIL import Image
from scipy.fft import dctn

from flowerlab.datasets.garden.pictures import draw
from flowerlab.datasets.near_duplicates import MOST_BITS, Duplicates, Pair, find_duplicates, part_names
from flowerlab.datasets.originals import Original, Originals, write_originals
from flowerlab.datasets.photo_hashes import PLAIN, hash_photos, hashes_file, kept_hashes, photo_hash
from flowerlab.datasets.splits import make_split
from flowerlab.home import Home
from flowerlab.photos.reading import read_grey, read_photo

# Squares of four pixels: a thousand numbers an example would take Hypothesis longer than the test.
GREYS = arrays.arrays(np.float64, (8, 8), elements=some.integers(0, 255).map(float)).map(lambda few: np.kron(few, np.ones((4, 4))))


@given(grey=GREYS)
@settings(max_examples=60, deadline=None)
def test_the_hash_is_the_sign_of_scipys_waves(grey: np.ndarray) -> None:
    """Its bits say which of the 8 × 8 lowest waves of SciPy's DCT-II lie above the median of all but the first."""
    waves = dctn(grey, type=2)[:8, :8].ravel()
    middle = np.median(waves[1:])
    clear = np.abs(waves - middle) > 1e-6
    bits = np.array([int(bit) for bit in f"{photo_hash(grey):064b}"], dtype=bool)
    if grey.std() >= 2.0:
        assert (bits[clear] == (waves > middle)[clear]).all()
    else:
        assert photo_hash(grey) == PLAIN


@given(hashes=some.lists(some.integers(0, 255) | some.integers(0, 2**64 - 1), min_size=0, max_size=40), most=some.integers(0, 64))
@example(hashes=[1, 3], most=1)
@settings(deadline=None)
def test_pairs_are_all_within_the_threshold(hashes: list[int], most: int) -> None:
    """Every two photos of which at most so many bits differ are a pair, once; one without a hash is in none."""
    found = find_duplicates(np.array(hashes, dtype=np.uint64), {}, most_bits=most, most_each=len(hashes)).pairs
    expected = {
        (first, second): (hashes[first] ^ hashes[second]).bit_count()
        for first in range(len(hashes))
        for second in range(first + 1, len(hashes))
        if PLAIN not in (hashes[first], hashes[second]) and (hashes[first] ^ hashes[second]).bit_count() <= most
    }
    assert {(pair.first, pair.second): pair.bits for pair in found} == expected
    assert [pair.bits for pair in found] == sorted(pair.bits for pair in found)


def jpeg(pixels: np.ndarray, *, quality: int = 90) -> bytes:
    """A photo, encoded."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def flowers() -> list[np.ndarray]:
    """Five drawn flowers."""
    return [draw(index).photo for index in range(5)]


def test_a_resized_and_recompressed_photo_stays_near(flowers: list[np.ndarray]) -> None:
    """Half the size, stronger compression, grey: at most the threshold of bits differ; another flower differs in more."""

    def bits(data: bytes) -> int:
        return photo_hash(read_grey(data, 32))

    plain = bits(jpeg(flowers[0]))
    small = Image.fromarray(flowers[0])
    small = small.resize((small.width // 2, small.height // 2))
    for other in (np.asarray(small), np.asarray(small.convert("L").convert("RGB"))):
        assert (plain ^ bits(jpeg(other, quality=60))).bit_count() <= MOST_BITS
    assert min((plain ^ bits(jpeg(other))).bit_count() for other in flowers[1:]) > MOST_BITS


def test_a_grey_square_is_the_photo_in_small(flowers: list[np.ndarray]) -> None:
    """What is decoded quickly is the photo's brightness, shrunk, within a few grey levels; PNG and turned JPEG as well."""
    upright = Image.fromarray(flowers[0])
    turned, png = io.BytesIO(), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    upright.rotate(90, expand=True).save(turned, "JPEG", quality=95, exif=exif)
    upright.save(png, "PNG")
    for data in (jpeg(flowers[0], quality=95), turned.getvalue(), png.getvalue()):
        whole = Image.fromarray(read_photo(data)).convert("L").resize((32, 32), Image.Resampling.BOX)
        assert np.abs(read_grey(data, 32) - np.asarray(whole, dtype=np.float64)).mean() < 4


def photos_of(folder: Path, datas: list[bytes]) -> Originals:
    """A data set of one class."""
    return write_originals(folder, ["a"], [Original(f"p-{place}", 0, data) for place, data in enumerate(datas)])


def test_hashes_are_computed_once_and_kept(home: Home, flowers: list[np.ndarray]) -> None:
    """They are kept under the content's name; a photo that shows nothing or cannot be read has none; a damaged file is none."""
    white = np.full((40, 40, 3), 255, dtype=np.uint8)
    originals = photos_of(home.originals / "x", [jpeg(flowers[0]), b"no photo", jpeg(white), jpeg(flowers[0], quality=70)])
    assert kept_hashes(home, originals) is None
    seen: list[tuple[int, int]] = []
    hashes = hash_photos(home, originals, lambda done, total: seen.append((done, total)))
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert hashes[1] == hashes[2] == PLAIN
    assert [(pair.first, pair.second) for pair in find_duplicates(hashes, {}).pairs] == [(0, 3)]
    kept = kept_hashes(home, originals)
    assert kept is not None
    np.testing.assert_array_equal(kept, hashes)
    hashes_file(home, originals.content).write_bytes(b"damaged")
    assert kept_hashes(home, originals) is None


def test_who_gives_up_leaves_nothing_behind(home: Home, flowers: list[np.ndarray]) -> None:
    """An end in the midst keeps no half of the hashes."""
    originals = photos_of(home.originals / "x", [jpeg(flowers[0])] * 3)

    def end(done: int, total: int) -> None:
        if done == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        hash_photos(home, originals, end)
    assert not list(home.hashes.iterdir())


@settings(deadline=None)
@given(count=some.integers(2, 60), split=some.sampled_from(["honest", "lecture"]), seed=some.integers(0, 9))
def test_a_leak_lies_across_the_split(count: int, split: str, seed: int) -> None:
    """A pair is a leak if one of the two is a test photo and the other in training or validation, whatever the order."""
    order = np.random.default_rng(seed).permutation(count)
    parts = make_split(count, split=split, validation_fraction=0.2)
    named = part_names(order, parts)
    test = set(order[parts.test].tolist())
    learnt = set(order[parts.train].tolist()) | set(order[parts.validation].tolist())
    assert set(named) == test | learnt
    for first, second in ((0, 1), (0, count - 1)):
        expected = (first in test and second in learnt) or (second in test and first in learnt)
        assert Duplicates((), named).leaks(Pair(first, second, 0)) == expected


def test_leaks_come_first() -> None:
    """Of two pairs the one across training and test is shown first, though the other is nearer."""
    named = {0: frozenset({"train"}), 1: frozenset({"train"}), 2: frozenset({"train"}), 3: frozenset({"test"})}
    found = find_duplicates(np.array([255, 255, 255 << 32, 1 + (255 << 32)], dtype=np.uint64), named)
    assert [(pair.first, pair.second, pair.bits) for pair in found.pairs] == [(2, 3, 1), (0, 1, 0)]
    assert found.leaking == [Pair(2, 3, 1)]
    assert found.of(1) == [Pair(0, 1, 0)]


@settings(deadline=None, max_examples=50)
@given(hashes=some.lists(some.integers(1, 40), min_size=2, max_size=40), each=some.integers(1, 6), seed=some.integers(0, 9))
def test_of_a_burst_the_nearest_pairs_are_taken_and_no_leak_is_lost(hashes: list[int], each: int, seed: int) -> None:
    """Each photo keeps its nearest partners, at most so many pairs are taken for each and one across the split; a photo that is
    in a leak at all is in one that is taken; the index by photo finds what a scan of all pairs finds."""
    array = np.array(hashes, dtype=np.uint64)
    order = np.random.default_rng(seed).permutation(len(hashes))
    named = part_names(order, make_split(len(hashes), split="honest", validation_fraction=0.2))
    every = find_duplicates(array, named, most_each=len(hashes))
    found = find_duplicates(array, named, most_each=each)
    assert set(found.pairs) <= set(every.pairs)
    assert len(found.pairs) <= len(hashes) * (each + 1)
    for photo in range(len(hashes)):
        mine, all_of_it = found.of(photo), every.of(photo)
        assert sorted(pair.bits for pair in mine)[:each] == sorted(pair.bits for pair in all_of_it)[:each]
        assert any(map(found.leaks, mine)) == any(map(every.leaks, all_of_it))
        assert mine == [pair for pair in found.pairs if photo in (pair.first, pair.second)]
    assert found.crowded == any(len(every.of(photo)) > each for photo in range(len(hashes)))


def test_a_thousand_alike_photos_have_few_pairs() -> None:
    """A burst of 1,000 equal photos, which has half a million pairs, is told by at most nine for each photo."""
    parts = {position: frozenset({"test" if position % 3 == 0 else "train"}) for position in range(1000)}
    found = find_duplicates(np.full(1000, 255, dtype=np.uint64), parts)
    assert found.crowded
    assert len(found.pairs) <= 9 * 1000
    assert all(any(found.leaks(pair) for pair in found.of(position)) for position in range(1000))
