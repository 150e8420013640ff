"""Is the difference real? Two runs on the same photos, compared photo by photo."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
SURE_BELOW = 0.05
# Fewer photos on which two runs differ are drawn as nearly the same few each time: an interval would pretend certainty.
FEWEST_DIFFERING = 10


@dataclass(frozen=True)
class PairedTest:
    """What two runs' answers to the same photos say of their difference.

    Args:
        only_first_right: Photos that the first named rightly and the second did not.
        only_second_right: The reverse.
        mcnemar_p: McNemar's exact test: how often so uneven a split, or a more uneven one, would come by chance if both were
            equally good, 0..1.
        difference: Accuracy of the first minus that of the second, −1..1.
        difference_interval: Its 95 % bootstrap interval; too few photos to show it where `interval` is None.
        holm_p: The p value corrected for all pairs that were tested together, 0..1; None: this pair was tested alone.
        tested_together: How many pairs those were.
    """

    photos: int
    only_first_right: int
    only_second_right: int
    mcnemar_p: float
    difference: float
    difference_interval: tuple[float, float]
    holm_p: float | None = None
    tested_together: int = 1

    @property
    def p(self) -> float:
        """The p value that decides: the corrected one, if there are several pairs."""
        return self.mcnemar_p if self.holm_p is None else self.holm_p

    @property
    def real(self) -> bool:
        """Whether chance alone would hardly make such a difference."""
        return self.p < SURE_BELOW

    @property
    def differing(self) -> int:
        """On how many photos exactly one of them is right."""
        return self.only_first_right + self.only_second_right

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the difference; None if the runs differ on too few photos for one."""
        return None if self.differing < FEWEST_DIFFERING else self.difference_interval

    @property
    def disagrees(self) -> bool:
        """Whether the interval leaves 0 out where the test of this pair alone finds nothing, or the reverse."""
        if self.interval is None:
            return False
        low, high = self.interval
        return (low > 0 or high < 0) != (self.mcnemar_p < SURE_BELOW)

    @property
    def certain(self) -> bool:
        """Whether test and interval both say that it is no chance."""
        return self.real and not self.disagrees

    @property
    def reverse(self) -> PairedTest:
        """The second against the first."""
        low, high = self.difference_interval
        return replace(
            self,
            only_first_right=self.only_second_right,
            only_second_right=self.only_first_right,
            difference=-self.difference,
            difference_interval=(-high, -low),
        )


def corrected(tests: Sequence[PairedTest]) -> list[PairedTest]:
    """Returns tests with p values that hold for all of them together (Holm 1979).

    Of many pairs one in twenty seems real by chance alone; with these, the chance of even one false finding among all stays
    below 5 %.
    """
    adjusted = holm([test.mcnemar_p for test in tests])
    return [replace(test, holm_p=p, tested_together=len(tests)) for test, p in zip(tests, adjusted, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Returns Holm's step-down adjusted p values, in the given order.

    The smallest of m is multiplied by m, the next by m − 1 and so on; none is smaller than the one before, or larger than 1.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def paired_test(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_], *, seed: int = 0) -> PairedTest:
    """Compares two runs photo by photo.

    Args:
        first_right: bool, (n,), whether the first named each photo rightly.
        second_right: bool, (n,), the second; the same photos in the same order.

    Raises:
        ValueError: If they are not equally many, or none.
    """
    if len(first_right) != len(second_right) or not len(first_right):
        raise ValueError(
            f"Two runs are compared on the same photos. Expected equally many, one or more. Received: {len(first_right)} and "
            f"{len(second_right)}."
        )
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    photos = len(first_right)
    return PairedTest(
        photos=photos,
        only_first_right=only_first,
        only_second_right=only_second,
        mcnemar_p=mcnemar_p(only_first, only_second),
        difference=(only_first - only_second) / photos,
        difference_interval=_bootstrap(only_first, only_second, photos, seed),
    )


def mcnemar_p(only_first: int, only_second: int) -> float:
    """Returns the two-sided p value of McNemar's exact test: a fair coin tossed for each photo that only one of them got right."""
    tosses, fewer = only_first + only_second, min(only_first, only_second)
    # Exact: whole numbers until the last division. Each binomial coefficient comes from the one before.
    tail, ways = 0, 1
    for heads in range(fewer + 1):
        tail += ways
        ways = ways * (tosses - heads) // (heads + 1)
    return float(min(1.0, 2 * tail / 2**tosses))


@functools.lru_cache(maxsize=512)
def _bootstrap(only_first: int, only_second: int, photos: int, seed: int) -> tuple[float, float]:
    """Returns the 95 % percentile interval of the difference when the photos are drawn again, with replacement.

    Photos on which both are right, or both wrong, make no difference: to draw n photos is to draw how many of
    each kind there are from a multinomial distribution.
    """
    shares = np.array([only_first, only_second, photos - only_first - only_second]) / photos
    drawn: NDArray[Any] = np.random.default_rng(seed).multinomial(photos, shares, size=DRAWS)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / photos, [0.025, 0.975])
    return float(low), float(high)
