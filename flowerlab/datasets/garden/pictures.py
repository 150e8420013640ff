"""Pictures of the garden: one by one, or all of them as a data set."""

from __future__ import annotations

import io
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flowerlab.datasets.garden import CLASSES, COUNT, DEFAULT_DIFFICULTY, DEFAULT_SIZE_PX, JPEG_QUALITY, SHARES, SIZE_RANGE_PX
from flowerlab.datasets.garden.crew import painters
from flowerlab.datasets.garden.scene import paint_scene
from flowerlab.datasets.originals import Original
from flowerlab.errors import BadInput
from flowerlab.system.progress import Counted

PROGRESS_EVERY = 16


@dataclass(frozen=True, eq=False)
class Drawing:
    """One picture of the garden.

    Args:
        photo: uint8, (height, width, 3), RGB.
        mask: bool, (height, width), True where the picture shows the flower (heads, not stems and leaves).
        label: Index of its class in `CLASSES`.
    """

    photo: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    label: int


@lru_cache(maxsize=4)
def _labels(seed: int) -> NDArray[np.int64]:
    """Returns the classes of the first COUNT pictures, mixed so that every stretch holds about the same shares."""
    rng = np.random.default_rng([seed, 1])
    labels = np.repeat(np.arange(len(CLASSES)), [SHARES[name] for name in CLASSES])
    places = [(np.arange(SHARES[name]) + rng.random(SHARES[name])) / SHARES[name] for name in CLASSES]
    return labels[np.argsort(np.concatenate(places), kind="stable")]


def label_of(index: int, *, seed: int = 0) -> int:
    """Returns the class of picture number `index` (0 or more): an index into `CLASSES`."""
    return int(_labels(seed)[index % COUNT])


def index_of(label: int, number: int, *, seed: int = 0) -> int:
    """Returns the index of the picture that shows class `label` for the `number`-th time (0 is the first)."""
    places = np.flatnonzero(_labels(seed) == label)
    whole, place = divmod(number, len(places))
    return whole * COUNT + int(places[place])


def draw(index: int, *, seed: int = 0, size_px: int = DEFAULT_SIZE_PX, difficulty: float = DEFAULT_DIFFICULTY) -> Drawing:
    """Draws one picture and the mask of its flower.

    Equal arguments give equal pixels, whatever was drawn before.

    Args:
        index: Number of the picture, 0 or more.
        seed: Of the whole garden, 0 or more.
        size_px: Shorter side of the picture, 32..360; the aspect ratio changes from picture to picture.
        difficulty: 0..1. More of it means smaller flowers in odder poses and colours, partly hidden, among more that
            distracts, and worse photos.

    Raises:
        BadInput: If an argument is out of its range.
    """
    _check(index, seed, size_px, difficulty)
    label = label_of(index, seed=seed)
    rng = np.random.default_rng([seed, 2, index])
    # The square spreads the part of the scale in which a small network still learns something.
    canvas = paint_scene(rng, CLASSES[label], size_px, difficulty * difficulty)
    return Drawing(photo=np.array(canvas.image), mask=np.asarray(canvas.mask) >= 128, label=label)


def draw_original(index: int, *, seed: int = 0, difficulty: float = DEFAULT_DIFFICULTY) -> Original:
    """Draws one picture as a JPEG photo, as `originals` gives it; see `draw` for the arguments."""
    drawing = draw(index, seed=seed, difficulty=difficulty)
    quality = int(np.random.default_rng([seed, 3, index]).integers(*JPEG_QUALITY))
    file = io.BytesIO()
    Image.fromarray(drawing.photo).save(file, "JPEG", quality=quality)
    return Original(id=_id_of(index), label=drawing.label, data=file.getvalue())


def _id_of(index: int) -> str:
    return f"garden-{index:05d}"


def originals(
    count: int = COUNT,
    *,
    seed: int = 0,
    difficulty: float = DEFAULT_DIFFICULTY,
    processes: int = 1,
    progress: Counted | None = None,
) -> Generator[Original, None, None]:
    """Draws the garden as a data set of JPEG photos; their ids are `garden-00000` and so on.

    Args:
        count: How many pictures, 1 or more.
        processes: How many processes of their own draw; with 1, it is this one. The pictures are the same.

    Raises:
        BadInput: If an argument is out of its range.
    """
    if count < 1:
        raise BadInput(f"The garden needs at least one picture. Expected count of 1 or more. Received: count={count}.")
    if processes < 1:
        raise BadInput(f"The garden cannot be drawn by nobody. Expected processes of 1 or more. Received: processes={processes}.")
    _check(0, seed, DEFAULT_SIZE_PX, difficulty)
    if processes == 1:
        drawn = (draw_original(index, seed=seed, difficulty=difficulty) for index in range(count))
    else:
        drawn = _draw_together(processes, count, seed, difficulty)
    return _counted(drawn, count, progress)


def _draw_together(processes: int, count: int, seed: int, difficulty: float) -> Generator[Original, None, None]:
    with painters(processes, count, seed, difficulty) as together:
        for index in range(count):
            picture = together[index % processes].next_picture() if together else None
            if picture is None:
                # A painter has gone: its pictures are drawn here, for they are the same.
                yield draw_original(index, seed=seed, difficulty=difficulty)
            else:
                yield Original(id=_id_of(index), label=picture[0], data=picture[1])


def _counted(drawn: Generator[Original, None, None], count: int, progress: Counted | None) -> Generator[Original, None, None]:
    # Painters end with the pictures, also where these are given up half-way.
    with closing(drawn):
        for index in range(count):
            if progress is not None and index % PROGRESS_EVERY == 0:
                progress(index, count)
            yield next(drawn)
    if progress is not None:
        progress(count, count)


def _check(index: int, seed: int, size_px: int, difficulty: float) -> None:
    least, most = SIZE_RANGE_PX
    problems = (
        ("index", index, index >= 0, "an integer of 0 or more"),
        ("seed", seed, seed >= 0, "an integer of 0 or more"),
        ("size_px", size_px, least <= size_px <= most, f"{least} to {most} pixels"),
        ("difficulty", difficulty, 0 <= difficulty <= 1, "a number from 0 to 1"),
    )
    for name, value, good, expected in problems:
        if not good:
            raise BadInput(
                f"This picture cannot be drawn: {name} is out of range. Expected {expected}. Received: {name}={value!r}."
            )
