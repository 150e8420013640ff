"""Is the difference real: against SciPy, and in odd cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap

from flowerlab.evaluation.paired_tests import FEWEST_DIFFERING, holm, mcnemar_p, paired_test

COUNT = st.integers(0, 400)


@given(first=COUNT, second=COUNT)
def test_mcnemar_is_scipys_exact_binomial_test(first: int, second: int) -> None:
    """The p value is that of `scipy.stats.binomtest` of the discordant photos at one half; 1 if there are none."""
    expected = binomtest(first, first + second, 0.5).pvalue if first + second else 1.0
    assert mcnemar_p(first, second) == pytest.approx(expected, rel=1e-9)
    assert mcnemar_p(first, second) == mcnemar_p(second, first)


def test_thousands_of_photos_are_exact_and_quick() -> None:
    """3,670 discordant photos: no overflow, no underflow to a wrong side."""
    assert mcnemar_p(1835, 1835) == 1.0
    assert 0 < mcnemar_p(1700, 1970) < 1e-4
    assert mcnemar_p(0, 3670) == pytest.approx(0.0, abs=1e-300)


@given(answers=st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=300))
def test_counts_are_those_of_the_photos(answers: list[tuple[bool, bool]]) -> None:
    """Photos that one of them got right are counted; the difference is that of the accuracies; the reverse is the reverse."""
    first, second = (np.array(side) for side in zip(*answers, strict=True))
    test = paired_test(first, second)
    assert test.only_first_right == sum(a and not b for a, b in answers)
    assert test.only_second_right == sum(b and not a for a, b in answers)
    assert test.difference == pytest.approx(first.mean() - second.mean())
    low, high = test.difference_interval
    assert -1 <= low <= high <= 1
    assert paired_test(second, first).difference == pytest.approx(-test.difference)


def test_the_interval_is_the_bootstrap_of_the_photos() -> None:
    """The interval agrees with SciPy's percentile bootstrap of the paired differences, to a tenth of its width."""
    rng = np.random.default_rng(0)
    first, second = rng.random(1000) < 0.85, rng.random(1000) < 0.80
    low, high = paired_test(first, second).difference_interval
    differences = first.astype(float) - second.astype(float)
    expected = bootstrap(
        (differences,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert abs(low - expected.low) < 0.1 * (expected.high - expected.low)
    assert abs(high - expected.high) < 0.1 * (expected.high - expected.low)


@given(p_values=st.lists(st.floats(0, 0.1), max_size=15), level=st.floats(0.001, 0.2))
def test_holm_finds_what_his_procedure_finds(p_values: list[float], level: float) -> None:
    """Adjusted values below a level are those that the step-down procedure rejects: from the smallest of m on, each against
    level/m, level/(m − 1) and so on, until one is not below."""
    rejected = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[place] * (len(p_values) - rank) >= level:
            break
        rejected.add(place)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    adjusted = holm(p_values)
    assert {place for place, p in enumerate(adjusted) if p < level} == rejected
    assert all(before <= after <= 1 for before, after in zip(p_values, adjusted, strict=True))


@pytest.mark.parametrize("differing", [0, 1, FEWEST_DIFFERING - 1, FEWEST_DIFFERING])
def test_few_differing_photos_have_no_interval(differing: int) -> None:
    """Below ten photos on which exactly one run is right there is no interval: its bootstrap would tell of certainty."""
    test = paired_test(np.ones(40, dtype=bool), np.arange(40) >= differing)
    assert (test.interval is None) == (differing < FEWEST_DIFFERING)
    assert not test.disagrees


@given(photos=st.integers(10, 200), both=st.floats(0.1, 0.9), first=st.floats(0.05, 0.5), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_the_interval_is_that_of_resampled_photos(photos: int, both: float, first: float, seed: int) -> None:
    """Drawing the photos' indices anew 4,000 times gives the same ends, up to a photo and a half and a tenth of the width."""
    rng = np.random.default_rng(seed)
    same = rng.random(photos) < both
    of_first = rng.random(photos) < first
    of_second = np.where(same, of_first, ~of_first)
    low, high = paired_test(of_first, of_second).difference_interval
    differences = of_first.astype(float) - of_second
    drawn = differences[rng.integers(0, photos, (4000, photos))].mean(axis=1)
    expected = np.quantile(drawn, [0.025, 0.975])
    assert np.abs(np.array([low, high]) - expected).max() <= 1.5 / photos + 0.1 * (expected[1] - expected[0])


def test_equal_runs_differ_in_nothing() -> None:
    """Two runs with the same answers, and a single photo: a difference of nought, p of one."""
    same = paired_test(np.array([True, False, True]), np.array([True, False, True]))
    assert (same.difference, same.mcnemar_p, same.interval, same.real) == (0.0, 1.0, None, False)
    single = paired_test(np.array([True]), np.array([False]))
    assert (single.difference, single.mcnemar_p, single.interval) == (1.0, 1.0, None)


@pytest.mark.parametrize(("first", "second"), [([True], [True, False]), ([], [])])
def test_other_numbers_of_photos_are_refused(first: list[bool], second: list[bool]) -> None:
    """Runs with unequally many answers, or none, are no pair."""
    with pytest.raises(ValueError, match="Received"):
        paired_test(np.array(first, dtype=bool), np.array(second, dtype=bool))
