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
LEARNT = {"train", "validation"}


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


@dataclass(frozen=True)
class Duplicates:
    """The near-duplicates of a data set, seen with one split.

    Args:
        pairs: Those that are a leak first, then the nearest.
        parts: In which parts of the split each photo is, by its position, see `part_names`.
    """

    pairs: tuple[Pair, ...]
    parts: dict[int, frozenset[str]]

    @property
    def leaking(self) -> list[Pair]:
        """The pairs that are a leak."""
        return [pair for pair in self.pairs if self.leaks(pair)]

    def leaks(self, pair: Pair) -> bool:
        """Whether one of a pair is a test photo and the other was learnt from: trained on, or used to choose the best epoch."""
        first, second = (self.parts.get(position, frozenset()) for position in (pair.first, pair.second))
        return bool(("test" in first and second & LEARNT) or ("test" in second and first & LEARNT))

    def of(self, position: int) -> list[Pair]:
        """Returns the pairs that a photo is in."""
        return [pair for pair in self.pairs if position in (pair.first, pair.second)]


def find_duplicates(hashes: NDArray[np.uint64], parts: dict[int, frozenset[str]]) -> Duplicates:
    """Finds the near-duplicates of a data set.

    Args:
        hashes: uint64, (photos,), see `flowerlab.datasets.photo_hashes`.
        parts: From `part_names`.
    """
    found = Duplicates(tuple(near_pairs(hashes)), parts)
    return Duplicates(tuple(sorted(found.pairs, key=lambda pair: not found.leaks(pair))), parts)
