"""Metrics equal those of scikit-learn and of the stated formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support

from flowerlab.metrics import confusion_matrix, per_class, row_shares, wilson_interval

labels = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


@given(labels)
def test_per_class_equals_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """Precision, recall and F1 of each class are scikit-learn's, also for classes that never occur."""
    truth, predicted = (np.asarray(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    mine = per_class(confusion_matrix(truth, predicted, 4))
    theirs = precision_recall_fscore_support(truth, predicted, labels=range(4), zero_division=0)
    for name, expected in zip(("precision", "recall", "f1"), theirs, strict=False):
        np.testing.assert_allclose(mine[name], expected)


def test_rows_are_the_truth() -> None:
    """A daisy called tulip is counted in the daisies' row and the tulips' column."""
    matrix = confusion_matrix(np.asarray([0, 0, 1]), np.asarray([1, 0, 1]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert row_shares(matrix).tolist() == [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 0]]


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
