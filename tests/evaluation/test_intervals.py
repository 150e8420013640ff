"""Intervals equal SciPy's and Newcombe's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from flowerlab.evaluation.intervals import share_difference_interval, wilson_interval


@given(st.integers(0, 2000), st.integers(1, 2000))
def test_wilson_interval_equals_scipys(right: int, total: int) -> None:
    """The interval is the one that SciPy computes."""
    right = min(right, total)
    theirs = binomtest(right, total).proportion_ci(method="wilson")
    low, high = wilson_interval(right, total)
    assert low == pytest.approx(theirs.low, abs=1e-12)
    assert high == pytest.approx(theirs.high, abs=1e-12)


def test_lecture_intervals() -> None:
    """54, 92 and 62 % of 1,101 photos are known to about 3, 2 and 3 points, as the lecture's facts say."""
    for share, half in ((0.54, 0.03), (0.92, 0.02), (0.62, 0.03)):
        low, high = wilson_interval(round(share * 1101), 1101)
        assert (high - low) / 2 == pytest.approx(half, abs=0.005)
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(counts: tuple[int, int, int, int], expected: tuple[float, float]) -> None:
    """The eight contrasts of Newcombe 1998, table II, method 10, to the four digits that are printed there."""
    assert share_difference_interval(*counts) == pytest.approx(expected, abs=5e-5)


@given(first=st.tuples(st.integers(0, 400), st.integers(1, 400)), second=st.tuples(st.integers(0, 400), st.integers(1, 400)))
def test_the_interval_of_a_difference_turns_with_it(first: tuple[int, int], second: tuple[int, int]) -> None:
    """It holds the difference, lies within −1..1, and the other way round it is its negative; without photos nothing is known."""
    one, other = ((min(right, total), total) for right, total in (first, second))
    low, high = share_difference_interval(*one, *other)
    assert -1 - 1e-9 <= low - 1e-12 <= one[0] / one[1] - other[0] / other[1] <= high + 1e-12 <= 1 + 1e-9
    assert share_difference_interval(*other, *one) == pytest.approx((-high, -low))
    assert share_difference_interval(0, 0, *other) == (-1.0, 1.0)
