"""Calibration: bins by hand, the effect of a temperature."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import softmax

from flowerlab.evaluation.calibration import (
    TEMPERATURES,
    at_the_end,
    best_temperature,
    calibration_error,
    photos_in_bin,
    reliability,
    tempered,
    widest_gap,
)
from flowerlab.results.answers import Calibrated
from flowerlab.ui.mistakes.calibration_view import temperature_sentence

LOGITS = arrays.arrays(np.float64, st.tuples(st.integers(1, 60), st.integers(2, 6)), elements=st.floats(-8, 8))


@given(logits=LOGITS, seed=st.integers(0, 99))
def test_bins_hold_every_photo_once(logits: np.ndarray, seed: int) -> None:
    """The bins' photos add up, and the error is their weighted gap, at most 1."""
    probabilities = softmax(logits, axis=1)
    truth = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    bins = reliability(probabilities, truth)
    assert sum(one.photos for one in bins) == len(truth)
    for one in bins:
        if one.photos:
            assert one.low - 1e-9 < one.confidence <= one.high + 1e-9
    gaps = sum(one.photos * abs(one.accuracy - one.confidence) for one in bins if one.photos)
    assert calibration_error(probabilities, truth) == pytest.approx(gaps / len(truth))
    assert 0 <= calibration_error(probabilities, truth) <= 1


@given(logits=LOGITS, temperature=st.floats(0.3, 4))
def test_a_temperature_divides_the_logits(logits: np.ndarray, temperature: float) -> None:
    """softmax(log p / T) is softmax(logits / T)."""
    np.testing.assert_allclose(tempered(softmax(logits, axis=1), temperature), softmax(logits / temperature, axis=1), atol=1e-6)


def test_too_sure_answers_are_cooled() -> None:
    """Answers with logits three times too large: the best temperature is about three, and the error falls."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 1.5, (4000, 4))
    truth = np.array([rng.choice(4, p=row) for row in softmax(logits, axis=1)])
    too_sure = softmax(3 * logits, axis=1)
    temperature = best_temperature(too_sure, truth)
    assert temperature == pytest.approx(3.0, rel=0.1)
    assert calibration_error(tempered(too_sure, temperature), truth) < 0.5 * calibration_error(too_sure, truth)


def test_a_certain_answer_is_survived() -> None:
    """Probabilities of exactly 0 and 1, all right or all wrong: a temperature at the end of the range, no warning."""
    certain = np.eye(3)[[0, 1, 2, 0]]
    assert best_temperature(certain, np.array([0, 1, 2, 0])) <= 1
    assert best_temperature(certain, np.array([1, 2, 0, 1])) == pytest.approx(TEMPERATURES[-1])
    assert calibration_error(certain, np.array([1, 2, 0, 1])) == 1.0


@given(photos=st.integers(1, 40), classes=st.integers(2, 6), seed=st.integers(0, 99))
def test_of_equal_fits_the_one_nearest_to_1_is_taken(photos: int, classes: int, seed: int) -> None:
    """Even answers are even at every temperature: it is 1, as it is for answers that are quite sure and all right."""
    truth = np.random.default_rng(seed).integers(0, classes, photos)
    assert best_temperature(np.full((photos, classes), 1 / classes, dtype=np.float32), truth) == pytest.approx(1.0)
    assert best_temperature(np.eye(classes)[truth], truth) == pytest.approx(1.0)


def test_a_temperature_at_a_limit_is_said_to_be_there() -> None:
    """Answers that are never right want a temperature beyond the highest that is tried; those that are always right one below the
    lowest; the page says so, and says it of none in between."""
    unsure = np.tile([[0.6, 0.4]], (50, 1))
    hottest = best_temperature(np.tile([[0.99, 0.01]], (50, 1)), np.ones(50, dtype=np.int64))
    coldest = best_temperature(unsure, np.zeros(50, dtype=np.int64))
    assert (hottest, coldest) == pytest.approx((TEMPERATURES[-1], TEMPERATURES[0]))
    for temperature, told in ((hottest, True), (coldest, True), (1.5, False), (1.0, False)):
        assert at_the_end(temperature) == told
        sentence = temperature_sentence(Calibrated(0.2, temperature, 0.1))
        assert ("at the end of the range that is tried (0.25 to 4)" in sentence) == told


@given(logits=LOGITS, seed=st.integers(0, 99))
def test_the_telling_bin_adds_most_to_the_error(logits: np.ndarray, seed: int) -> None:
    """No bin adds more to the calibration error than the one that is told about; without photos there is none."""
    probabilities = softmax(logits, axis=1)
    truth = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    bins = reliability(probabilities, truth)
    told = widest_gap(bins)
    assert told is not None
    assert told.photos * abs(told.accuracy - told.confidence) == pytest.approx(
        max(one.photos * abs(one.accuracy - one.confidence) for one in bins if one.photos)
    )
    assert widest_gap(reliability(probabilities[:0], truth[:0])) is None


@given(logits=LOGITS, seed=st.integers(0, 99))
def test_every_photo_lies_in_one_bin_wrong_ones_first(logits: np.ndarray, seed: int) -> None:
    """The photos of all bins are all photos, each once, as many as the diagram counts; the wrong ones come first, then the surest."""
    probabilities = softmax(logits, axis=1)
    truth = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    right, highest = probabilities.argmax(axis=1) == truth, probabilities.max(axis=1)
    found = []
    for place, one in enumerate(reliability(probabilities, truth)):
        photos = photos_in_bin(probabilities, truth, place).tolist()
        assert len(photos) == one.photos
        keys = [(bool(right[photo]), -highest[photo]) for photo in photos]
        assert keys == sorted(keys)
        found += photos
    assert sorted(found) == list(range(len(truth)))


def test_calibration_error_counts_the_gap_by_photos() -> None:
    """Ten photos at 0.9 of which six are right are 0.3 off; ten at 0.6 of which six are right are not: 0.15 in all."""
    probabilities = np.asarray([[0.9, 0.1]] * 10 + [[0.6, 0.4]] * 10, dtype=np.float32)
    truth = np.asarray(([0] * 6 + [1] * 4) * 2)
    assert calibration_error(probabilities, truth) == pytest.approx(0.15, abs=1e-6)
    assert calibration_error(np.asarray([[1.0, 0.0]], dtype=np.float32), np.asarray([0])) == 0


@given(sure=st.lists(st.floats(0.2, 1.0), min_size=1, max_size=60), bins=st.integers(1, 20), seed=st.integers(0, 99))
def test_calibration_error_is_that_of_digitized_bins(sure: list[float], bins: int, seed: int) -> None:
    """Σ of photos × |share right − mean confidence| over the bins into which `numpy.digitize` puts them, each closed above."""
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
