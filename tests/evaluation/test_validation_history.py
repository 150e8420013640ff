"""What came about epoch by epoch equals scikit-learn's figures and the stated formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from scipy.special import softmax
from sklearn.metrics import recall_score

from flowerlab.evaluation.validation_history import epoch_answers, recall_by_epoch, restlessness

LOGITS = arrays.arrays(
    np.float32, some.tuples(some.integers(1, 4), some.integers(1, 30), some.integers(1, 5)), elements=some.floats(-5, 5, width=32)
)


@given(logits=LOGITS, seed=some.integers(0, 99))
@settings(deadline=None)
def test_recall_is_scikit_learns(logits: np.ndarray, seed: int) -> None:
    """Each class's recall after each epoch is scikit-learn's; a class without photos has none. Ties go to the first class."""
    probabilities = softmax(logits, axis=2)
    truth = np.random.default_rng(seed).integers(0, logits.shape[2], logits.shape[1])
    recall = recall_by_epoch(probabilities, truth)
    for epoch, answers in enumerate(probabilities.argmax(axis=2)):
        expected = recall_score(truth, answers, labels=range(logits.shape[2]), average=None, zero_division=0)
        for label in range(logits.shape[2]):
            if (truth == label).any():
                assert recall[epoch, label] == pytest.approx(expected[label])
            else:
                assert np.isnan(recall[epoch, label])


@given(logits=LOGITS)
def test_restlessness_adds_up_distances(logits: np.ndarray) -> None:
    """It is the sum of total variation distances between neighbours: at least the distance of first and last, at most 1 a step."""
    probabilities = softmax(logits.astype(np.float64), axis=2)
    moved = restlessness(probabilities)
    for photo in range(logits.shape[1]):
        steps = [
            # Total variation: what one answer has more than the other, class by class.
            np.maximum(later - earlier, 0).sum()
            for earlier, later in zip(probabilities[:-1, photo], probabilities[1:, photo], strict=True)
        ]
        assert moved[photo] == pytest.approx(sum(steps), abs=1e-9)
    straight = np.abs(probabilities[-1] - probabilities[0]).sum(axis=1) / 2
    assert (moved >= straight - 1e-9).all()
    assert (moved <= len(logits) - 1 + 1e-9).all()


def stored(epochs: int) -> dict[str, Any]:
    """Predictions of two validation photos."""
    return {
        "classes": np.array(["a", "b"]),
        "val_ids": np.array(["x-1", "x-2"]),
        "val_truth": np.array([0, 1], dtype=np.int32),
        "val_probabilities": np.full((epochs, 2, 2), 0.5, dtype=np.float32),
    }


def test_runs_without_epochs_have_no_answers() -> None:
    """No predictions, no epoch, or no validation photo: None. Else as many epochs as were kept."""
    assert epoch_answers(None) is None
    assert epoch_answers(stored(0)) is None
    answers = epoch_answers(stored(3))
    assert answers is not None
    assert answers.epochs == 3
    assert (answers.place("x-2"), answers.place("x-3")) == (1, None)
