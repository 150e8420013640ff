"""Near-duplicates: photos of one data set that show the same, and whether such a pair lies across training and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.photo_hashes import PLAIN
from flowerlab.datasets.splits import Split

# Of 64 bits. All 23 pairs that tf_flowers has up to here show the same; from 8 on others are among them
# (docs/decisions/0008-near-duplicates.md).
MOST_BITS = 6
ROWS = 256


@dataclass(frozen=True)
class Pair:
    """Two photos that show the same.

    Args:
        first, second: Their positions in the data set's own order, `first` before `second`.
        bits: In how many of 64 bits their hashes differ.
    """

    first: int
    second: int
    bits: int


def near_pairs(hashes: NDArray[np.uint64], *, most_bits: int = MOST_BITS) -> list[Pair]:
    """Returns the pairs of photos whose hashes differ in few bits (their Hamming distance), the nearest first.

    Args:
        hashes: uint64, (photos,); photos whose hash is `PLAIN` are in no pair.
        most_bits: How many bits may differ, 0..64.
    """
    compared = np.flatnonzero(hashes != PLAIN)
    found: list[Pair] = []
    for begin in range(0, len(compared), ROWS):
        rows = compared[begin : begin + ROWS]
        bits = np.bitwise_count(hashes[rows, None] ^ hashes[None, compared])
        for row, column in np.argwhere(bits <= most_bits):
            first, second = int(rows[row]), int(compared[column])
            if first < second:
                found.append(Pair(first, second, int(bits[row, column])))
    return sorted(found, key=lambda pair: (pair.bits, pair.first, pair.second))


def part_names(order: NDArray[np.int64], parts: Split) -> dict[int, frozenset[str]]:
    """Returns in which parts each photo is: `train`, `validation`, `test`; with the lecture's split it may be in two.

    Args:
        order: int64, (n,), positions of the photos in the order in which they are cut.
        parts: Positions in that order.
    """
    named: dict[int, frozenset[str]] = {}
    for name, places in (("train", parts.train), ("validation", parts.validation), ("test", parts.test)):
        for position in order[places].tolist():
            named[position] = named.get(position, frozenset()) | {name}
    return named


def leaks(pair: Pair, named: dict[int, frozenset[str]]) -> bool:
    """Whether one of a pair is a test photo and the other was learnt from, by training or by the choice of the best epoch.

    Args:
        pair: Two near-duplicates.
        named: From `part_names`.
    """
    first, second = named.get(pair.first, frozenset()), named.get(pair.second, frozenset())
    learnt = {"train", "validation"}
    return bool(("test" in first and second & learnt) or ("test" in second and first & learnt))
