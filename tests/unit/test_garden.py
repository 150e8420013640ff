"""The garden: the data set that Flowerlab draws itself."""

from __future__ import annotations

import hashlib
import io
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flowerlab.datasets import garden
from flowerlab.errors import BadInput

# SHA-256 of shape and pixels, and of the mask. They change only together with the version of the garden in flowerlab/datasets/catalog.py.
HASHES: dict[tuple[int, int, int, float], str] = {
    (0, 0, 192, 0.25): "852aeb105c385f7a",
    (1, 0, 192, 0.25): "984591a6c0c52fee",
    (2, 0, 192, 0.25): "36668f2f5d16d85b",
    (3, 0, 192, 0.25): "2e5c3d3e30918714",
    (4, 0, 192, 0.25): "54a59c52158393bb",
    (5, 0, 192, 0.25): "bab359c8aeaeb653",
    (6, 0, 192, 0.25): "442eae81da95b333",
    (7, 0, 192, 0.25): "adcf653be0a0c46a",
    (8, 0, 192, 0.25): "6e98d678422a2a47",
    (9, 0, 192, 0.25): "9f3d0a81746a1db3",
    (10, 0, 192, 0.25): "101ffb0b3a17dc58",
    (11, 0, 192, 0.25): "9bb5116ab867ccd8",
    (100, 0, 192, 0.0): "ec42ffe1de350255",
    (101, 0, 192, 1.0): "cbccdf1734958be2",
    (102, 7, 150, 0.25): "4575e6cc639ad763",
    (103, 7, 331, 0.25): "06fa6e566695b78a",
    (104, 7, 64, 0.6): "caef757cdb51c6a8",
    (105, 1, 96, 0.9): "56ec3adb2f8a380f",
    (9999, 2, 128, 0.5): "ba77a75a42f06f70",
    (3669, 0, 192, 0.25): "fc631cf7cd2903d1",
}


def fingerprint(drawing: garden.Drawing) -> str:
    """Returns a hash of all that a drawing holds."""
    whole = hashlib.sha256(repr((drawing.photo.shape, drawing.label)).encode())
    whole.update(drawing.photo.tobytes())
    whole.update(drawing.mask.tobytes())
    return whole.hexdigest()[:16]


@pytest.fixture(scope="module")
def pictures() -> list[garden.Drawing]:
    """The first 60 pictures."""
    return [garden.draw(index) for index in range(60)]


@pytest.mark.parametrize(("index", "seed", "size_px", "difficulty"), HASHES)
def test_pixels_are_known(index: int, seed: int, size_px: int, difficulty: float) -> None:
    """A picture is the same on every machine and in every release of one layout version."""
    drawing = garden.draw(index, seed=seed, size_px=size_px, difficulty=difficulty)
    assert fingerprint(drawing) == HASHES[index, seed, size_px, difficulty]


def test_order_does_not_matter(pictures: list[garden.Drawing]) -> None:
    """A picture does not depend on what was drawn before it."""
    for index in (41, 7, 19, 0):
        assert fingerprint(garden.draw(index)) == fingerprint(pictures[index])


def test_pictures_differ(pictures: list[garden.Drawing]) -> None:
    """Another index, seed or difficulty gives another picture, also where the class is the same."""
    index = next(index for index in range(60) if garden.label_of(index) == garden.label_of(index, seed=1))
    others = [garden.draw(index, seed=1), garden.draw(index, difficulty=0.31)]
    assert len({fingerprint(picture) for picture in [*pictures, *others]}) == len(pictures) + 2


def test_classes_are_those_of_tf_flowers() -> None:
    """The whole garden has as many pictures of each class as tf_flowers, and any stretch of it about the same shares."""
    labels = [garden.label_of(index) for index in range(garden.COUNT)]
    counts = [count for _, count in sorted(Counter(labels).items())]
    assert garden.CLASSES == ("dandelion", "daisy", "tulips", "sunflowers", "roses")
    assert counts == [898, 633, 799, 699, 641]
    for begin in range(0, garden.COUNT - 60, 61):
        assert min(Counter(labels[begin : begin + 60]).values()) >= 7
        assert set(labels[begin : begin + 60]) == set(range(5))


def test_seeds_mix_classes_differently() -> None:
    """Another seed gives another order of classes."""
    assert [garden.label_of(i) for i in range(40)] != [garden.label_of(i, seed=1) for i in range(40)]


def test_shorter_side_and_aspect(pictures: list[garden.Drawing]) -> None:
    """The shorter side is as asked, and pictures are square, wide and tall."""
    shapes = [picture.photo.shape for picture in pictures]
    assert {min(shape[:2]) for shape in shapes} == {garden.DEFAULT_SIZE_PX}
    ratios = [shape[1] / shape[0] for shape in shapes]
    assert max(ratios) == pytest.approx(16 / 9, abs=0.01)
    assert min(ratios) == pytest.approx(2 / 3, abs=0.01)
    assert 1.0 in ratios


@settings(max_examples=25, deadline=None)
@given(
    index=st.integers(0, 10**9), seed=st.integers(0, 10**6), size_px=st.integers(32, 331), difficulty=st.floats(0, 1)
)
def test_any_picture_can_be_drawn(index: int, seed: int, size_px: int, difficulty: float) -> None:
    """Every index, seed, size and difficulty gives an RGB picture, a mask of the same size and its class."""
    drawing = garden.draw(index, seed=seed, size_px=size_px, difficulty=difficulty)
    assert drawing.photo.dtype == np.uint8
    assert drawing.photo.shape[2] == 3
    assert min(drawing.photo.shape[:2]) == size_px
    assert drawing.mask.dtype == np.bool_
    assert drawing.mask.shape == drawing.photo.shape[:2]
    assert drawing.label == garden.label_of(index, seed=seed)


def test_every_picture_shows_its_flower(pictures: list[garden.Drawing]) -> None:
    """The mask covers at least 1 % and never all of a picture, on average a fifth to a half."""
    shares = [float(picture.mask.mean()) for picture in pictures]
    assert min(shares) > 0.01
    assert max(shares) < 0.95
    assert 0.2 < float(np.mean(shares)) < 0.5


def test_harder_pictures_show_less_flower() -> None:
    """At difficulty 1 the flowers are less than half as large as at 0."""
    easy, hard = (
        np.mean([garden.draw(index, size_px=96, difficulty=difficulty).mask.mean() for index in range(40)])
        for difficulty in (0.0, 1.0)
    )
    assert hard < easy / 2


def test_the_mask_lies_on_the_flower(pictures: list[garden.Drawing]) -> None:
    """In most pictures, the colours inside the mask are not those outside it."""

    def histogram(pixels: np.ndarray) -> np.ndarray:
        bins = (pixels >> 6).astype(int) @ np.array([16, 4, 1])
        return np.bincount(bins, minlength=64) / max(1, len(pixels))

    apart = [
        np.abs(histogram(picture.photo[picture.mask]) - histogram(picture.photo[~picture.mask])).sum() / 2
        for picture in pictures
    ]
    assert float(np.median(apart)) > 0.6


def test_red_flowers_of_every_kind() -> None:
    """Colour does not tell the class: in each of them, some flowers are mostly red and some mostly yellow."""
    seen: set[tuple[int, str]] = set()
    for index in range(250):
        drawing = garden.draw(index, size_px=64)
        red, green, blue = np.median(drawing.photo[drawing.mask], axis=0)
        if red > 1.6 * green and red > 1.3 * blue:
            seen.add((drawing.label, "red"))
        if red > 1.6 * blue and green > 1.3 * blue:
            seen.add((drawing.label, "yellow"))
    assert seen == {(label, colour) for label in range(5) for colour in ("red", "yellow")}


def test_originals_are_jpegs_of_the_drawings() -> None:
    """Originals have stable ids, the drawing's class and size, and JPEG bytes that look like the drawing."""
    originals = list(garden.originals(12))
    assert [photo.id for photo in originals] == [f"garden-{index:05d}" for index in range(12)]
    for index, photo in enumerate(originals):
        drawing = garden.draw(index)
        with Image.open(io.BytesIO(photo.data)) as image:
            assert image.format == "JPEG"
            decoded = np.asarray(image.convert("RGB"), dtype=float)
        assert photo.label == drawing.label
        assert decoded.shape == drawing.photo.shape
        assert 0 < np.abs(decoded - drawing.photo).mean() < 12


def test_a_smaller_garden_is_the_beginning_of_a_larger_one() -> None:
    """The first pictures are the same, to the byte, however many follow."""
    assert list(garden.originals(4)) == list(garden.originals(7))[:4]


def test_progress_begins_at_nothing_and_ends_at_all() -> None:
    """Progress rises from 0 to the number of pictures."""
    seen: list[tuple[int, int]] = []
    list(garden.originals(20, progress=lambda done, total: seen.append((done, total))))
    assert seen[0] == (0, 20)
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    "arguments",
    [{"index": -1}, {"seed": -1}, {"size_px": 31}, {"size_px": 361}, {"difficulty": -0.1}, {"difficulty": 1.1},
     {"difficulty": float("nan")}],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(arguments: dict[str, float]) -> None:
    """An argument out of its range is named in the error, with what came in."""
    ((name, value),) = arguments.items()
    with pytest.raises(BadInput, match=f"{name} is out of range.*Received: {name}={value}"):
        garden.draw(**{"index": 0, **arguments})


def test_an_empty_garden_is_refused_at_once() -> None:
    """A count below 1 or a bad difficulty fails when asked for, not when the first picture is taken."""
    with pytest.raises(BadInput, match="count=0"):
        garden.originals(0)
    with pytest.raises(BadInput, match="difficulty"):
        garden.originals(3, difficulty=2.0)
