"""Metrics equal those of scikit-learn and of the stated formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from flowerlab.evaluation.metrics import (
    average_figures,
    certainty,
    class_figures,
    confusion_matrix,
    top_confusions,
    unknown_threshold,
)


def test_rows_are_the_truth() -> None:
    """A daisy called tulip is counted in the daisies' row and the tulips' column."""
    matrix = confusion_matrix(np.asarray([0, 0, 1]), np.asarray([1, 0, 1]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


@pytest.mark.parametrize("classes", [2, 5, 50])
def test_certainty_runs_from_none_to_whole(classes: int) -> None:
    """An even answer has certainty 0, one class alone has 1, and what lies between lies between, whatever the number of classes."""
    even, alone = np.full(classes, 1 / classes), np.eye(classes)[0]
    values = certainty(np.stack([even, (even + alone) / 2, alone]).astype(np.float32))
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert 0.1 < values[1] < 0.9
    assert values[2] == pytest.approx(1, abs=1e-6)


ANSWERS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=80)


@given(answers=ANSWERS)
def test_class_figures_are_scikit_learns(answers: list[tuple[int, int]]) -> None:
    """Precision, recall and F1 of each class, macro and weighted, equal scikit-learn's; a class never predicted gives 0."""
    truth, predicted = (np.array(side) for side in zip(*answers, strict=True))
    figures = class_figures(confusion_matrix(truth, predicted, 4).tolist())
    expected = precision_recall_fscore_support(truth, predicted, labels=range(4), zero_division=0)
    for place, one in enumerate(figures):
        assert (one.precision, one.recall, one.f1, one.photos) == pytest.approx([row[place] for row in expected])
    for average in ("macro", "weighted"):
        mean = average_figures(figures, weighted=average == "weighted")
        theirs = precision_recall_fscore_support(truth, predicted, labels=range(4), average=average, zero_division=0)
        assert (mean.precision, mean.recall, mean.f1) == pytest.approx(theirs[:3])
        assert mean.photos == len(answers)


@given(st.integers(20, 400), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_a_twentieth_of_its_own_photos_is_turned_away(photos: int, classes: int, seed: int) -> None:
    """Below the threshold lie at most 5 % of the photos that it was made from, and with those at it and one more too many."""
    answers = np.random.default_rng(seed).dirichlet(np.ones(classes), photos)
    threshold = unknown_threshold(answers)
    assert threshold is not None
    below, up_to = (certainty(answers) < threshold).sum(), (certainty(answers) <= threshold).sum()
    assert below <= 0.05 * photos < up_to + 1


def test_few_photos_or_one_class_make_no_threshold() -> None:
    """Of 19 photos no twentieth can be told; between one class and nothing nobody is unsure."""
    assert unknown_threshold(np.full((19, 2), 0.5)) is None
    assert unknown_threshold(np.ones((50, 1))) is None


def test_top_confusions_are_the_most_frequent_mistakes() -> None:
    """Largest first, ties in the order of the classes, what never happened not at all, the diagonal never."""
    assert top_confusions([[9, 2, 0], [5, 9, 2], [0, 0, 9]]) == [(1, 0, 5), (0, 1, 2), (1, 2, 2)]
    assert top_confusions([[9, 2, 0], [5, 9, 2], [0, 0, 9]], most=1) == [(1, 0, 5)]
    assert top_confusions([[3]]) == []


@given(
    counts=st.integers(1, 6).flatmap(
        lambda classes: st.lists(
            st.lists(st.integers(0, 4), min_size=classes, max_size=classes), min_size=classes, max_size=classes
        )
    ),
    most=st.integers(0, 40),
)
def test_top_confusions_leave_out_none_that_is_more_frequent(counts: list[list[int]], most: int) -> None:
    """Each told mistake happened so often, once each, in falling order; none that is left out is more frequent than one that is told;
    where there is room for all, their photos are all that were named wrongly."""
    told = top_confusions(counts, most=most)
    assert len({(true, answer) for true, answer, _count in told}) == len(told) <= most
    assert all(counts[true][answer] == count > 0 and true != answer for true, answer, count in told)
    assert [count for _true, _answer, count in told] == sorted((one[2] for one in told), reverse=True)
    wrong = np.array(counts)
    np.fill_diagonal(wrong, 0)
    left = wrong.copy()
    for true, answer, _count in told:
        left[true, answer] = 0
    if len(told) < most:
        assert left.sum() == 0
    elif told:
        assert left.max() <= told[-1][2]
