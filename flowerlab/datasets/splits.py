"""Which photos train, which validate, which test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRAIN_SHARE = 0.7

SPLITS: dict[str, str] = {
    "honest": "The first 70 % of the photos train, the other 30 % test: no photo is in both.",
    "lecture": "The first 70 % train and the first 30 % test, as in the widely copied notebook: every test photo was seen "
    "in training. This is a leak, and the accuracy it gives is too high.",
}


@dataclass(frozen=True)
class Split:
    """Positions of the photos of each part, in the data set's order.

    Args:
        train: int64, (n_train,), without the validation photos.
        validation: int64, (n_validation,), the last part of the training photos.
        test: int64, (n_test,).
    """

    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]


def make_split(count: int, *, split: str, validation_fraction: float, digests: Sequence[str] | None = None) -> Split:
    """Cuts a data set into its parts.

    Sizes are rounded to the nearest photo, as TFDS rounds `train[:70%]`. Keras takes the last `validation_fraction` of
    the training photos for validation, beginning at `int(n · (1 - fraction))`.

    Args:
        validation_fraction: Share of the training photos kept for validation, 0 < fraction < 1.
        digests: Hash of each photo's bytes. If given, a boundary that would part identical neighbours moves on after them.
            None keeps the data set's own cut to the photo, identical or not.
    """
    boundary = round(count * TRAIN_SHARE)
    validation_start = int(boundary * (1 - validation_fraction))
    if digests is not None:
        boundary = _after_identical(boundary, digests)
        validation_start = min(_after_identical(validation_start, digests), boundary)
    positions = np.arange(count, dtype=np.int64)
    test = positions[boundary:] if split == "honest" else positions[: round(count * (1 - TRAIN_SHARE))]
    return Split(train=positions[:validation_start], validation=positions[validation_start:boundary], test=test)


def _after_identical(boundary: int, digests: Sequence[str]) -> int:
    """Moves a boundary forward until the photos on its two sides differ."""
    while 0 < boundary < len(digests) and digests[boundary - 1] == digests[boundary]:
        boundary += 1
    return boundary


def stratified_order(labels: Sequence[int], digests: Sequence[str], *, seed: int = 0) -> NDArray[np.int64]:
    """Orders photos so that every stretch holds the classes in the same shares, and identical photos lie side by side.

    Each class is shuffled, and its k-th of n photos is placed at (k + u) / n with one u in [0, 1) a photo; sorted by place,
    the classes interleave. Photos with equal bytes, whatever their labels, all take the place of the first of them.

    Returns:
        int64, (photos,), positions in the new order.
    """
    rng = np.random.default_rng(seed)
    label_array = np.asarray(labels, dtype=np.int64)
    place = np.empty(len(label_array), dtype=np.float64)
    for label in np.unique(label_array):
        members = rng.permutation(np.flatnonzero(label_array == label))
        place[members] = (np.arange(len(members)) + rng.random(len(members))) / len(members)
    first_place: dict[str, float] = {}
    for digest, where in zip(digests, place.tolist(), strict=True):
        first_place[digest] = min(where, first_place.get(digest, where))
    keys = sorted(range(len(label_array)), key=lambda photo: (first_place[digests[photo]], digests[photo], photo))
    return np.asarray(keys, dtype=np.int64)
