"""Near-duplicates: photos of one data set that show the same, and whether such a pair lies across training and test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.photo_hashes import PLAIN
from flowerlab.datasets.splits import Split

# Of 64 bits. All 23 pairs that tf_flowers has up to here show the same; from 8 on others are among them
# (docs/decisions/0008-mistakes.md).
MOST_BITS = 6
ROWS = 256
# Pairs that are listed for each photo.
MOST_EACH = 8
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


def _pairs(
    hashes: NDArray[np.uint64], *, most_bits: int, most_each: int, tested: NDArray[np.bool_], learnt: NDArray[np.bool_]
) -> tuple[list[Pair], bool]:
    """Returns each photo's nearest partners, and its nearest one across the split; and whether any photo has more of them.

    A burst of a thousand alike photos has half a million pairs, too many to look through.
    """
    compared = np.flatnonzero(hashes != PLAIN)
    found: set[Pair] = set()
    crowded = False
    for begin in range(0, len(compared), ROWS):
        rows = compared[begin : begin + ROWS]
        bits = np.bitwise_count(hashes[rows, None] ^ hashes[None, compared])
        near = bits <= most_bits
        near[np.arange(len(rows)), begin + np.arange(len(rows))] = False
        for row in np.flatnonzero(near.any(axis=1)).tolist():
            photo, partners = int(rows[row]), np.flatnonzero(near[row])
            partners = partners[np.argsort(bits[row, partners], kind="stable")]
            others = compared[partners]
            across = (tested[photo] & learnt[others]) | (learnt[photo] & tested[others])
            crowded = crowded or len(partners) > most_each
            for partner in (*partners[:most_each].tolist(), *partners[across][:1].tolist()):
                other = int(compared[partner])
                found.add(Pair(min(photo, other), max(photo, other), int(bits[row, partner])))
    return sorted(found, key=lambda pair: (pair.bits, pair.first, pair.second)), crowded


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
        crowded: Whether photos have more than `MOST_EACH` near-duplicates, so that some pairs were left out.
    """

    pairs: tuple[Pair, ...]
    parts: dict[int, frozenset[str]]
    crowded: bool = False

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
        return self._by_position.get(position, [])

    @cached_property
    def _by_position(self) -> dict[int, list[Pair]]:
        """The pairs of each photo that is in one, in their order."""
        found: dict[int, list[Pair]] = {}
        for pair in self.pairs:
            for position in (pair.first, pair.second):
                found.setdefault(position, []).append(pair)
        return found


def find_duplicates(
    hashes: NDArray[np.uint64], parts: dict[int, frozenset[str]], *, most_bits: int = MOST_BITS, most_each: int = MOST_EACH
) -> Duplicates:
    """Finds the near-duplicates of a data set.

    Of a photo that has more than `most_each` the nearest are listed, and the nearest one that makes it a leak: whether a photo is in
    a leak is never lost.

    Args:
        hashes: uint64, (photos,), see `flowerlab.datasets.photo_hashes`; photos whose hash is `PLAIN` are in no pair.
        parts: From `part_names`.
        most_bits: In how many bits a pair's hashes may differ (their Hamming distance), 0..64.
        most_each: Pairs that are listed for each photo; it may be in more, which are listed for others.
    """
    tested, learnt = (
        np.array([bool(parts.get(position, frozenset()) & names) for position in range(len(hashes))], dtype=bool)
        for names in ({"test"}, LEARNT)
    )
    pairs, crowded = _pairs(hashes, most_bits=most_bits, most_each=most_each, tested=tested, learnt=learnt)
    found = Duplicates(tuple(pairs), parts, crowded)
    return replace(found, pairs=tuple(sorted(pairs, key=lambda pair: not found.leaks(pair))))
