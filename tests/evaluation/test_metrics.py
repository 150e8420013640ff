"""Metrics equal those of scikit-learn and of the stated formulas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support

from flowerlab.evaluation.calibration import calibration_error
from flowerlab.evaluation.intervals import share_difference_interval, wilson_interval
from flowerlab.evaluation.metrics import (
    average_figures,
    class_figures,
    confusion_matrix,
    sureness,
    top_confusions,
    unknown_threshold,
)
from flowerlab.runs.predictions import load_predictions


def test_rows_are_the_truth() -> None:
    """A daisy called tulip is counted in the daisies' row and the tulips' column."""
    matrix = confusion_matrix(np.asarray([0, 0, 1]), np.asarray([1, 0, 1]), 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


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


def test_calibration_error_counts_the_gap_by_photos() -> None:
    """Ten photos at 0.9 of which six are right are 0.3 off; ten at 0.6 of which six are right are not: 0.15 in all."""
    probabilities = np.asarray([[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 10, dtype=np.float32)
    truth = np.asarray(([0] * 6 + [1] * 4) * 2)
    assert calibration_error(probabilities, truth) == pytest.approx(0.15, abs=1e-6)
    assert calibration_error(np.asarray([[1.0, 0.0]], dtype=np.float32), np.asarray([0])) == 0


@given(sure=st.lists(st.floats(0.2, 1.0), min_size=1, max_size=60), bins=st.integers(1, 20), seed=st.integers(0, 99))
def test_calibration_error_is_that_of_digitized_bins(sure: list[float], bins: int, seed: int) -> None:
    """Σ of photos × |share right − mean sureness| over the bins into which `numpy.digitize` puts them, each closed above."""
    edges = np.linspace(0, 1, bins + 1)
    # On an edge rounding decides, there as here.
    highest = np.array([one for one in sure if np.abs(edges - one).min() > 1e-9 or one == 1.0] or [1.0])
    truth = np.random.default_rng(seed).integers(0, 5, len(highest))
    probabilities = np.repeat((1 - highest[:, None]) / 4, 5, axis=1)
    probabilities[:, 0] = highest
    right = probabilities.argmax(axis=1) == truth
    places = np.digitize(probabilities.max(axis=1), edges, right=True)
    expected = 0.0
    for place in np.unique(places):
        inside = places == place
        expected += inside.mean() * abs(right[inside].mean() - probabilities.max(axis=1)[inside].mean())
    assert calibration_error(probabilities, truth, bins=bins) == pytest.approx(expected, abs=1e-12)


def test_too_sure_and_too_unsure_in_one_bin_cancel_only_there() -> None:
    """Bins are what is compared: the same photos in one bin come out calibrated, in two they do not."""
    probabilities = np.asarray([[0.8, 0.2], [0.6, 0.4]], dtype=np.float32)
    truth = np.asarray([1, 0])
    assert calibration_error(probabilities, truth, bins=1) == pytest.approx(0.2, abs=1e-6)
    assert calibration_error(probabilities, truth, bins=15) == pytest.approx(0.6, abs=1e-6)


@pytest.mark.parametrize("classes", [2, 5, 50])
def test_sureness_runs_from_none_to_whole(classes: int) -> None:
    """An even answer has sureness 0, one class alone has 1, and what lies between lies between, whatever the number of classes."""
    even, alone = np.full(classes, 1 / classes), np.eye(classes)[0]
    values = sureness(np.stack([even, (even + alone) / 2, alone]).astype(np.float32))
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
    below, up_to = (sureness(answers) < threshold).sum(), (sureness(answers) <= threshold).sum()
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


def test_predictions_are_read_once_and_again_when_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read from disk once; a run that is tested anew is read anew; no viewer can change what another sees."""
    write_predictions(tmp_path, photos=3)
    first = load_predictions(tmp_path)
    assert first is not None
    assert first["test_truth"].tolist() == [0, 1, 0]
    with monkeypatch.context() as patch:
        patch.setattr("flowerlab.evaluation.metrics.read_npz", None)
        again = load_predictions(tmp_path)
    assert again is not None
    with pytest.raises(ValueError, match="read-only"):
        again["test_truth"][0] = 7
    write_predictions(tmp_path, photos=4)
    anew = load_predictions(tmp_path)
    assert anew is not None
    assert anew["test_truth"].tolist() == [0, 1, 0, 1]


def write_predictions(folder: Path, photos: int) -> None:
    """Writes predictions of so many test photos, and of one validated in one epoch."""
    shares = np.full((photos, 2), 0.5, dtype=np.float32)
    np.savez(
        folder / "predictions.npz",
        classes=np.array(["daisy", "roses"]),
        test_ids=np.arange(photos).astype(str),
        test_truth=np.arange(photos) % 2,
        test_probabilities=shares,
        val_ids=np.array(["v"]),
        val_truth=np.zeros(1, dtype=np.int64),
        val_probabilities=shares[None, :1],
    )


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 torn off"])
def test_predictions_that_cannot_be_read_are_none(tmp_path: Path, content: bytes | None) -> None:
    """No file, an empty one or a damaged one: the run has no predictions, and no page falls over it."""
    if content is not None:
        (tmp_path / "predictions.npz").write_bytes(content)
    assert load_predictions(tmp_path) is None
