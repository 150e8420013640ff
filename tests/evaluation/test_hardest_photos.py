"""The worst photos: losses are the cross-entropy, the order and the filters are what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from scipy.special import softmax
from sklearn.metrics import log_loss

from flowerlab.evaluation.hardest_photos import judge
from flowerlab.evaluation.label_issues import label_issues
from flowerlab.evaluation.metrics import photo_losses

LOGITS = arrays.arrays(np.float64, some.tuples(some.integers(1, 40), some.integers(1, 5)), elements=some.floats(-7, 7))


@given(logits=LOGITS, seed=some.integers(0, 99))
@settings(deadline=None)
def test_losses_are_the_cross_entropy(logits: np.ndarray, seed: int) -> None:
    """Their mean is scikit-learn's log loss, and each is −ln of the probability of the truth."""
    probabilities = softmax(logits, axis=1)
    truth = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    losses = photo_losses(probabilities, truth)
    for photo, loss in enumerate(losses):
        assert loss == pytest.approx(-np.log(probabilities[photo, truth[photo]]), rel=1e-9, abs=1e-12)
    if logits.shape[1] > 1:
        expected = log_loss(truth, probabilities, labels=range(logits.shape[1]))
        assert losses.mean() == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_a_probability_of_nothing_has_the_largest_loss() -> None:
    """Probability 0 costs −ln 1e-7, as Keras counts it, and no warning; probability 1 costs nothing."""
    losses = photo_losses(np.eye(2, dtype=np.float32), np.array([1, 1]))
    assert losses.tolist() == pytest.approx([16.118, 0.0], abs=1e-3)


@given(logits=LOGITS, seed=some.integers(0, 99), label=some.none() | some.integers(0, 4))
def test_filters_take_what_they_say_largest_loss_first(logits: np.ndarray, seed: int, label: int | None) -> None:
    """Wrong ones are those whose answer is not the truth, doubtful ones those of the confident joint, of one class or all."""
    probabilities = softmax(logits, axis=1).astype(np.float32)
    truth = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    judged = judge(probabilities, truth)
    doubtful = label_issues(probabilities, truth)
    for show, wanted in (("wrong", probabilities.argmax(axis=1) != truth), ("all", truth >= 0), ("label", doubtful)):
        places = judged.places(show, label=label)
        expected = {place for place in np.flatnonzero(wanted).tolist() if label is None or truth[place] == label}
        assert set(places.tolist()) == expected
        assert len(places) == len(expected)
        assert (np.diff(judged.losses[places]) <= 0).all()


def test_equal_losses_keep_their_order() -> None:
    """Photos with the same loss stand in the order of the test, so that a page shows the same at every visit."""
    judged = judge(np.full((5, 2), 0.5, dtype=np.float32), np.zeros(5, dtype=np.int64))
    assert judged.places("all").tolist() == [0, 1, 2, 3, 4]
