"""Cells of confusion matrices and the photos in them, for whatever runs may answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from flowerlab.evaluation.confusion import (
    Cell,
    Unit,
    cell_sizes,
    cell_values,
    difference_values,
    differing_photos,
    only_first_right,
    photos_behind,
    photos_in_cell,
)
from flowerlab.evaluation.paired_tests import paired_test

Answered = tuple[NDArray[np.int64], NDArray[np.float32]]


@some.composite
def answered(draw: some.DrawFn, *, runs: int = 1) -> tuple[Any, ...]:
    """Truth and one or more runs' probabilities, (n,) and (n, classes): few values, so that ties are frequent; a class may never
    be true or never be answered, there may be one class or one photo only."""
    classes, count = draw(some.integers(1, 5)), draw(some.integers(1, 40))
    truth = np.array(draw(some.lists(some.integers(0, classes - 1), min_size=count, max_size=count)), dtype=np.int64)
    sides = []
    for _ in range(runs):
        weights = draw(some.lists(some.integers(0, 3), min_size=count * classes, max_size=count * classes))
        raised = np.array(weights, dtype=np.float32).reshape(count, classes) + 0.5
        sides.append(raised / raised.sum(axis=1, keepdims=True))
    return (truth, *sides)


def all_cells(probabilities: NDArray[Any]) -> list[Cell]:
    """Every cell of the matrix of these answers."""
    classes = probabilities.shape[1]
    return [Cell(truth, answer) for truth in range(classes) for answer in range(classes)]


@given(answered())
def test_every_photo_lies_in_exactly_one_cell(given_answers: Answered) -> None:
    """The cells' photos together are all photos, each once."""
    truth, probabilities = given_answers
    found = [photos_in_cell(truth, probabilities, cell) for cell in all_cells(probabilities)]
    assert sorted(np.concatenate(found).tolist()) == list(range(len(truth)))


@pytest.mark.filterwarnings("ignore:A single label was found")
@given(answered())
def test_sizes_are_those_of_scikit_learn(given_answers: Answered) -> None:
    """The counts are scikit-learn's confusion matrix, and each is the number of photos in its cell."""
    truth, probabilities = given_answers
    sizes = cell_sizes(truth, probabilities)
    expected = confusion_matrix(truth, probabilities.argmax(axis=1), labels=np.arange(probabilities.shape[1]))
    assert sizes.tolist() == expected.tolist()
    assert [len(photos_in_cell(truth, probabilities, cell)) for cell in all_cells(probabilities)] == sizes.ravel().tolist()


@given(answered())
def test_the_surest_come_first_and_equals_keep_their_order(given_answers: Answered) -> None:
    """Within a cell the probability of the answer never rises, and equally sure photos stand in the order they came in."""
    truth, probabilities = given_answers
    for cell in all_cells(probabilities):
        found = photos_in_cell(truth, probabilities, cell).tolist()
        keys = [(-float(probabilities[place, cell.answer]), place) for place in found]
        assert keys == sorted(keys)


@given(answered(runs=2))
def test_differing_photos_are_what_only_one_has(given_answers: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]) -> None:
    """Only-A, only-B and both make up A's and B's cells without an overlap; only-A minus only-B is the difference of counts."""
    truth, first, second = given_answers
    difference = cell_sizes(truth, first) - cell_sizes(truth, second)
    for cell in all_cells(first):
        found = differing_photos(truth, first, second, cell)
        of_first, of_second = (set(photos_in_cell(truth, side, cell).tolist()) for side in (first, second))
        assert set(found.only_first.tolist()) == of_first - of_second
        assert set(found.only_second.tolist()) == of_second - of_first
        assert found.both == len(of_first & of_second)
        assert len(found.only_first) - len(found.only_second) == difference[cell]
        for places, side in ((found.only_first, first), (found.only_second, second)):
            sureness = side[places, cell.answer].tolist()
            assert sureness == sorted(sureness, reverse=True)


@given(answered(runs=2))
def test_percents_are_of_rows_and_of_columns(given_answers: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]) -> None:
    """Rows of row percent and columns of column percent make 100; without photos there is no percent, nor a difference of one."""
    truth, first, second = given_answers
    counts = [cell_sizes(truth, side) for side in (first, second)]
    axes: dict[Unit, int] = {"rows": 1, "columns": 0}
    for unit, axis in axes.items():
        values = cell_values(counts[0], unit)
        empty = counts[0].sum(axis=axis) == 0
        assert np.isnan(values.sum(axis=axis)).tolist() == empty.tolist()
        assert np.allclose(values.sum(axis=axis)[~empty], 100)
        difference = difference_values(counts[0], counts[1], unit)
        missing = np.isnan(values) | np.isnan(cell_values(counts[1], unit))
        assert (np.isnan(difference) == missing).all()
        assert (np.abs(difference[~missing]) <= 100 + 1e-9).all()
    assert (difference_values(counts[0], counts[1], "counts") == counts[0] - counts[1]).all()


def test_a_class_that_was_never_answered() -> None:
    """Its column is empty: no photos, 0 counted, and no percent of the answer rather than 0 %."""
    truth = np.array([0, 1, 1])
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.7, 0.3]], dtype=np.float32)
    assert photos_in_cell(truth, probabilities, Cell(1, 1)).tolist() == []
    assert photos_in_cell(truth, probabilities, Cell(1, 0)).tolist() == [1, 2]
    assert cell_sizes(truth, probabilities).tolist() == [[1, 0], [2, 0]]
    assert np.isnan(cell_values([[1, 0], [2, 0]], "columns")[:, 1]).all()


@pytest.mark.parametrize("count", [1, 7])
def test_one_class_only(count: int) -> None:
    """With one class all photos lie in the one cell, a single photo too."""
    truth, probabilities = np.zeros(count, dtype=np.int64), np.ones((count, 1), dtype=np.float32)
    assert photos_in_cell(truth, probabilities, Cell(0, 0)).tolist() == list(range(count))
    assert cell_sizes(truth, probabilities).tolist() == [[count]]


@given(answered(runs=2))
def test_photos_that_only_one_got_right_are_those_that_the_paired_test_counts(given_answers: Any) -> None:
    """They are as many as the paired test says, right in the first and wrong in the second, the surest first."""
    truth, first, second = given_answers
    found = only_first_right(truth, first, second)
    right = [side.argmax(axis=1) == truth for side in (first, second)]
    assert len(found) == paired_test(*right).only_first_right
    assert all(right[0][place] and not right[1][place] for place in found)
    assert np.all(np.diff(first[found, truth[found]]) <= 0)


@given(answered())
def test_the_photos_behind_a_figure_make_it(given_answers: Answered) -> None:
    """Recall and precision are the right ones among their photos, F1 those that are both, twice, as scikit-learn has them; the mean
    has all photos, the accuracy among them; mistakes stand first, each part the surest first."""
    truth, probabilities = given_answers
    answers, labels = probabilities.argmax(axis=1), range(probabilities.shape[1])
    theirs = precision_recall_fscore_support(truth, answers, labels=list(labels), zero_division=0.0)
    for label in labels:
        for figure, expected in zip(("precision", "recall", "f1"), theirs, strict=False):
            places, wrong = photos_behind(truth, probabilities, figure, label)  # type: ignore[arg-type]
            right = len(places) - wrong
            assert len(set(places.tolist())) == len(places)
            divisor = right * 2 + wrong if figure == "f1" else len(places)
            made = (right * 2 if figure == "f1" else right) / divisor if divisor else 0.0
            assert made == pytest.approx(expected[label])
    places, wrong = photos_behind(truth, probabilities, "recall", None)
    assert sorted(places.tolist()) == list(range(len(truth)))
    assert 1 - wrong / len(truth) == pytest.approx(accuracy_score(truth, answers))
    mistakes = answers[places] != truth[places]
    assert mistakes.tolist() == [True] * wrong + [False] * (len(truth) - wrong)
    sureness = probabilities[places, answers[places]]
    for part in (sureness[:wrong], sureness[wrong:]):
        assert (np.diff(part) <= 0).all()
