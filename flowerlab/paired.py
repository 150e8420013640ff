"""Is the difference real? Two runs on the same photos, compared photo by photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 10_000
SURE_BELOW = 0.05


@dataclass(frozen=True)
class PairedTest:
    """What two runs' answers to the same photos say of their difference.

    Args:
        photos: How many.
        only_first_right: Photos that the first named rightly and the second did not.
        only_second_right: The reverse.
        mcnemar_p: McNemar's exact test: how often so uneven a split, or a more uneven one, would come by chance if both were
            equally good, 0..1.
        difference: Accuracy of the first minus that of the second, −1..1.
        difference_interval: Its 95 % bootstrap interval.
    """

    photos: int
    only_first_right: int
    only_second_right: int
    mcnemar_p: float
    difference: float
    difference_interval: tuple[float, float]

    @property
    def real(self) -> bool:
        """Whether chance alone would hardly make such a difference."""
        return self.mcnemar_p < SURE_BELOW


def paired_test(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_], *, seed: int = 0) -> PairedTest:
    """Compares two runs photo by photo.

    Args:
        first_right: bool, (n,), whether the first named each photo rightly.
        second_right: bool, (n,), the second; the same photos in the same order.
        seed: Of the bootstrap.

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
    """Returns the two-sided p value of McNemar's exact test: a fair coin tossed for each photo that only one of them got right.

    Args:
        only_first: Photos that only the first got right.
        only_second: Photos that only the second got right.
    """
    tosses, fewer = only_first + only_second, min(only_first, only_second)
    # Exact: whole numbers until the last division. Each binomial coefficient comes from the one before.
    tail, ways = 0, 1
    for heads in range(fewer + 1):
        tail += ways
        ways = ways * (tosses - heads) // (heads + 1)
    return float(min(1.0, 2 * tail / 2**tosses))


def _bootstrap(only_first: int, only_second: int, photos: int, seed: int) -> tuple[float, float]:
    """Returns the 95 % percentile interval of the difference when the photos are drawn anew.

    Photos on which both are right, or both wrong, make no difference: to draw n photos with replacement is to draw how many of
    each kind there are from a multinomial distribution.
    """
    shares = np.array([only_first, only_second, photos - only_first - only_second]) / photos
    drawn: NDArray[Any] = np.random.default_rng(seed).multinomial(photos, shares, size=DRAWS)
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / photos, [0.025, 0.975])
    return float(low), float(high)
