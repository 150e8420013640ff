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
            assert one.low - 1e-9 < one.sureness <= one.high + 1e-9
    gaps = sum(one.photos * abs(one.accuracy - one.sureness) for one in bins if one.photos)
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
    assert told.photos * abs(told.accuracy - told.sureness) == pytest.approx(
        max(one.photos * abs(one.accuracy - one.sureness) for one in bins if one.photos)
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
