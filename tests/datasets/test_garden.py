"""The garden: the data set that Flowerlab draws itself."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flowerlab.datasets import garden
from flowerlab.datasets.garden import Garden, pictures, scene
from flowerlab.datasets.gather import gather
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.errors import BadInput
from flowerlab.home import Home
from flowerlab.settings import Settings
from tools.measure.garden import shortcuts

# SHA-256 of shape and pixels, and of the mask. They change only together with LAYOUT_VERSION.
HASHES: dict[tuple[int, int, int, float], str] = {
    (0, 0, 192, 0.15): "1350e36bb4da1390",
    (1, 0, 192, 0.15): "5c11279763ec069c",
    (2, 0, 192, 0.15): "bf78e246391743be",
    (3, 0, 192, 0.15): "b60c4c39249cfac7",
    (4, 0, 192, 0.15): "5becb8f7646f95f2",
    (5, 0, 192, 0.15): "6c80bd927e5015cb",
    (6, 0, 192, 0.15): "5213b8766469026c",
    (7, 0, 192, 0.15): "cb993c4f5f3f7e0a",
    (8, 0, 192, 0.15): "bbd597ba409f9be4",
    (9, 0, 192, 0.15): "f77b90bb27271768",
    (10, 0, 192, 0.15): "ce9461715f760bc5",
    (11, 0, 192, 0.15): "95595d82769f96f5",
    (100, 0, 192, 0.0): "513e43c16c9597f4",
    (101, 0, 192, 1.0): "4a760cf840477660",
    (102, 7, 150, 0.15): "069fe86b333de27c",
    (103, 7, 331, 0.15): "cd170c5d46d62854",
    (104, 7, 64, 0.6): "1f8f52100878be4c",
    (105, 1, 96, 0.9): "9280d9ace6b700d8",
    (9999, 2, 128, 0.5): "90f6c0ea8cda8e4a",
    (3669, 0, 192, 0.15): "51d892292fcba20f",
}


def fingerprint(drawing: pictures.Drawing) -> str:
    """Returns a hash of all that a drawing holds."""
    whole = hashlib.sha256(repr((drawing.photo.shape, drawing.label)).encode())
    whole.update(drawing.photo.tobytes())
    whole.update(drawing.mask.tobytes())
    return whole.hexdigest()[:16]


@pytest.fixture(scope="module")
def sixty() -> list[pictures.Drawing]:
    """The first 60 pictures."""
    return [pictures.draw(index) for index in range(60)]


@pytest.mark.parametrize(("index", "seed", "size_px", "difficulty"), HASHES)
def test_pixels_are_known(index: int, seed: int, size_px: int, difficulty: float) -> None:
    """A picture is the same on every machine and in every release of one layout version."""
    drawing = pictures.draw(index, seed=seed, size_px=size_px, difficulty=difficulty)
    assert fingerprint(drawing) == HASHES[index, seed, size_px, difficulty]


def test_order_does_not_matter(sixty: list[pictures.Drawing]) -> None:
    """A picture does not depend on what was drawn before it."""
    for index in (41, 7, 19, 0):
        assert fingerprint(pictures.draw(index)) == fingerprint(sixty[index])


def test_pictures_differ(sixty: list[pictures.Drawing]) -> None:
    """Another index, seed or difficulty gives another picture, also where the class is the same."""
    index = next(index for index in range(60) if pictures.label_of(index) == pictures.label_of(index, seed=1))
    others = [pictures.draw(index, seed=1), pictures.draw(index, difficulty=0.31)]
    assert len({fingerprint(picture) for picture in [*sixty, *others]}) == len(sixty) + 2


def test_classes_are_those_of_tf_flowers() -> None:
    """The whole garden has as many pictures of each class as tf_flowers, and any stretch of it about the same shares."""
    labels = [pictures.label_of(index) for index in range(garden.COUNT)]
    counts = [count for _, count in sorted(Counter(labels).items())]
    assert garden.CLASSES == ("dandelion", "daisy", "tulips", "sunflowers", "roses")
    assert counts == [898, 633, 799, 699, 641]
    for begin in range(0, garden.COUNT - 60, 61):
        assert min(Counter(labels[begin : begin + 60]).values()) >= 7
        assert set(labels[begin : begin + 60]) == set(range(5))


def test_seeds_mix_classes_differently() -> None:
    """Another seed gives another order of classes."""
    assert [pictures.label_of(i) for i in range(40)] != [pictures.label_of(i, seed=1) for i in range(40)]


def test_shorter_side_and_aspect(sixty: list[pictures.Drawing]) -> None:
    """The shorter side is as asked, and pictures are square, wide and tall."""
    shapes = [picture.photo.shape for picture in sixty]
    assert {min(shape[:2]) for shape in shapes} == {garden.DEFAULT_SIZE_PX}
    ratios = [shape[1] / shape[0] for shape in shapes]
    assert max(ratios) == pytest.approx(16 / 9, abs=0.01)
    assert min(ratios) == pytest.approx(2 / 3, abs=0.01)
    assert 1.0 in ratios


@settings(max_examples=25, deadline=None)
@given(index=st.integers(0, 10**9), seed=st.integers(0, 10**6), size_px=st.integers(32, 331), difficulty=st.floats(0, 1))
def test_any_picture_can_be_drawn(index: int, seed: int, size_px: int, difficulty: float) -> None:
    """Every index, seed, size and difficulty gives an RGB picture, a mask of the same size and its class."""
    drawing = pictures.draw(index, seed=seed, size_px=size_px, difficulty=difficulty)
    assert drawing.photo.dtype == np.uint8
    assert drawing.photo.shape[2] == 3
    assert min(drawing.photo.shape[:2]) == size_px
    assert drawing.mask.dtype == np.bool_
    assert drawing.mask.shape == drawing.photo.shape[:2]
    assert drawing.label == pictures.label_of(index, seed=seed)


def test_every_picture_shows_its_flower(sixty: list[pictures.Drawing]) -> None:
    """The mask covers at least 1 % and never all of a picture, on average a fifth to a half."""
    shares = [float(picture.mask.mean()) for picture in sixty]
    assert min(shares) > 0.01
    assert max(shares) < 0.95
    assert 0.2 < float(np.mean(shares)) < 0.5


def test_harder_pictures_show_less_flower() -> None:
    """At difficulty 1 the flowers are less than half as large as at 0."""
    easy, hard = (
        np.mean([pictures.draw(index, size_px=96, difficulty=difficulty).mask.mean() for index in range(40)])
        for difficulty in (0.0, 1.0)
    )
    assert hard < easy / 2


def test_the_mask_lies_on_the_flower(sixty: list[pictures.Drawing]) -> None:
    """In most pictures, the colours inside the mask are not those outside it."""

    def histogram(pixels: np.ndarray) -> np.ndarray:
        bins = (pixels >> 6).astype(int) @ np.array([16, 4, 1])
        return np.bincount(bins, minlength=64) / max(1, len(pixels))

    apart = [
        np.abs(histogram(picture.photo[picture.mask]) - histogram(picture.photo[~picture.mask])).sum() / 2 for picture in sixty
    ]
    assert float(np.median(apart)) > 0.6


def test_what_stands_before_a_flower_is_not_in_its_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves and insects in front take pixels from the mask and never add any; shadows change none."""
    indexes = range(12)
    hidden = [pictures.draw(index, difficulty=1.0).mask for index in indexes]
    monkeypatch.setattr(scene, "_in_front", lambda *arguments: None)
    whole = [pictures.draw(index, difficulty=1.0).mask for index in indexes]
    assert all(np.all(bare[behind]) for bare, behind in zip(whole, hidden, strict=True))
    assert sum(int(bare.sum()) for bare in whole) > sum(int(behind.sum()) for behind in hidden)
    monkeypatch.setattr(scene, "_shadow", lambda *arguments: None)
    unshaded = [pictures.draw(index, difficulty=1.0).mask for index in indexes]
    assert all(np.array_equal(one, other) for one, other in zip(whole, unshaded, strict=True))


@pytest.mark.parametrize("species", garden.CLASSES)
def test_an_empty_backdrop_lies_outside_the_mask(species: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a blue backdrop, with no leaves and no camera, hardly a pixel in the mask is blue and nearly all outside are."""
    blue = (10, 20, 250)
    monkeypatch.setattr(scene, "backdrop", lambda rng, size, hardness: (Image.new("RGB", size, blue), False))
    monkeypatch.setattr(scene, "photograph", lambda rng, picture, hardness: picture)
    for name in ("_ground", "_stem_and_leaves", "_in_front"):
        monkeypatch.setattr(scene, name, lambda *arguments: None)
    for number in range(6):
        drawing = pictures.draw(pictures.index_of(garden.CLASSES.index(species), number))
        empty = np.all(drawing.photo == blue, axis=2)
        assert empty[drawing.mask].mean() < 0.01
        assert empty[~drawing.mask].mean() > 0.6


def test_pictures_of_a_class_are_found_in_turn() -> None:
    """`index_of` counts the pictures of one class in the garden's order and goes on behind its end."""
    found = [pictures.index_of(1, number, seed=3) for number in range(700)]
    assert found == sorted(set(found))
    assert {pictures.label_of(index, seed=3) for index in found} == {1}
    assert found[:5] == [index for index in range(200) if pictures.label_of(index, seed=3) == 1][:5]


def test_a_garden_of_another_kind_has_another_name() -> None:
    """Number of pictures, seed and difficulty are in the name under which a drawn garden is kept, and so is the layout."""
    names = {
        Garden(60).content_name,
        Garden(61).content_name,
        Garden(60, seed=1).content_name,
        Garden(60, difficulty=0.3).content_name,
    }
    assert len(names) == 4
    assert all(f"-v{garden.LAYOUT_VERSION}-" in name for name in names)


def test_gathered_gardens_are_kept_by_what_they_hold(home: Home) -> None:
    """A garden of another difficulty or size is drawn anew, not taken from the one at hand, and has another content hash."""
    first = gather(home, "garden", Garden(5))
    assert gather(home, "garden", Garden(5)).content == first.content
    longer = gather(home, "garden", Garden(6))
    harder = gather(home, "garden", Garden(5, difficulty=0.8))
    assert len({first.content, longer.content, harder.content}) == 3
    assert len({first.folder, longer.folder, harder.folder}) == 3


def test_red_flowers_of_every_kind() -> None:
    """Colour does not tell the class: in each of them, some flowers are mostly red and some mostly yellow."""
    seen: set[tuple[int, str]] = set()
    for index in range(250):
        drawing = pictures.draw(index, size_px=64)
        red, green, blue = np.median(drawing.photo[drawing.mask], axis=0)
        if red > 1.6 * green and red > 1.3 * blue:
            seen.add((drawing.label, "red"))
        if red > 1.6 * blue and green > 1.3 * blue:
            seen.add((drawing.label, "yellow"))
    assert seen == {(label, colour) for label in range(5) for colour in ("red", "yellow")}


def test_originals_are_jpegs_of_the_drawings() -> None:
    """Originals have stable ids, the drawing's class and size, and JPEG bytes that look like the drawing."""
    originals = list(pictures.originals(12))
    assert [photo.id for photo in originals] == [f"garden-{index:05d}" for index in range(12)]
    for index, photo in enumerate(originals):
        drawing = pictures.draw(index)
        with Image.open(io.BytesIO(photo.data)) as image:
            assert image.format == "JPEG"
            decoded = np.asarray(image.convert("RGB"), dtype=float)
        assert photo.label == drawing.label
        assert decoded.shape == drawing.photo.shape
        assert 0 < np.abs(decoded - drawing.photo).mean() < 12


def test_a_smaller_garden_is_the_beginning_of_a_larger_one() -> None:
    """The first pictures are the same, to the byte, however many follow."""
    assert list(pictures.originals(4)) == list(pictures.originals(7))[:4]


def test_progress_begins_at_nothing_and_ends_at_all() -> None:
    """Progress rises from 0 to the number of pictures."""
    seen: list[tuple[int, int]] = []
    list(pictures.originals(20, progress=lambda done, total: seen.append((done, total))))
    assert seen[0] == (0, 20)
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    "arguments",
    [
        {"index": -1},
        {"seed": -1},
        {"size_px": 31},
        {"size_px": 361},
        {"difficulty": -0.1},
        {"difficulty": 1.1},
        {"difficulty": float("nan")},
    ],
)
def test_arguments_out_of_range_are_refused(arguments: dict[str, float]) -> None:
    """An argument out of its range is named in the error, with what came in."""
    ((name, value),) = arguments.items()
    with pytest.raises(BadInput, match=f"{name} is out of range.*Received: {name}={value}"):
        pictures.draw(**{"index": 0, **arguments})


def test_an_empty_garden_is_refused_at_once() -> None:
    """A count below 1 or a bad difficulty fails when asked for, not when the first picture is taken."""
    with pytest.raises(BadInput, match="count=0"):
        pictures.originals(0)
    with pytest.raises(BadInput, match="difficulty"):
        pictures.originals(3, difficulty=2.0)


@pytest.mark.nightly
def test_shape_decides_not_colour() -> None:
    """A logistic regression on 8×8×8 colour histograms reaches at most 0.40, one on 8×8 thumbnails at most 0.50."""
    by_colour, by_thumbnail = shortcuts(garden.DEFAULT_DIFFICULTY)
    assert by_colour <= 0.40
    assert by_thumbnail <= 0.50


def test_gardens_of_nearly_equal_difficulty_are_two_gardens() -> None:
    """The name that everything is kept under changes with the last digit of the difficulty."""
    assert Garden(difficulty=0.25).content_name != Garden(difficulty=0.25000004).content_name


def test_a_lab_without_settings_has_the_garden_as_it_is_drawn(tmp_path: Path) -> None:
    """The defaults of the two settings and of the drawing are the same: 3,670 pictures at the difficulty of the docs."""
    assert garden_of(Settings(home=tmp_path)) == Garden()


def test_painters_start_without_what_only_the_lab_needs() -> None:
    """A process that paints loads no settings and no catalog: a crew begins at once."""
    code = "import sys, flowerlab.datasets.garden.__main__; print([name for name in sys.modules if name in %r])"
    unwanted = ["pydantic", "http.client", "flowerlab.settings", "flowerlab.datasets.catalog"]
    assert subprocess.run([sys.executable, "-c", code % unwanted], capture_output=True, text=True, check=True).stdout == "[]\n"
