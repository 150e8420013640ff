"""Doubtful labels are those that the confident joint of the paper counts off its diagonal."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays
from scipy.special import softmax

from flowerlab.evaluation.label_issues import NONE, confident_classes, label_issues, self_confidence

LOGITS = arrays.arrays(np.float64, some.tuples(some.integers(1, 40), some.integers(1, 5)), elements=some.floats(-9, 9))


def joint_by_the_paper(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, set[int]]:
    """The confident joint, written down as the paper defines it, photo by photo; and the photos off its diagonal."""
    classes = probabilities.shape[1]
    thresholds = {}
    for label in range(classes):
        own = [probabilities[photo, label] for photo in range(len(labels)) if labels[photo] == label]
        if own:
            thresholds[label] = sum(own) / len(own)
    joint, off = np.zeros((classes, classes), dtype=int), set()
    for photo, label in enumerate(labels):
        reached = [one for one, least in thresholds.items() if probabilities[photo, one] >= least - 1e-12]
        if reached:
            best = max(reached, key=lambda one: probabilities[photo, one])
            joint[label, best] += 1
            if best != label:
                off.add(photo)
    return joint, off


@given(logits=LOGITS, seed=some.integers(0, 99))
@example(logits=np.zeros((6, 3)), seed=0)
def test_the_confident_joint_is_the_papers(logits: np.ndarray, seed: int) -> None:
    """Counts by (label, confident class) equal the definition's, and the doubtful photos are those off the diagonal."""
    probabilities = softmax(logits, axis=1)
    labels = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    joint, off = joint_by_the_paper(probabilities, labels)
    found = confident_classes(probabilities, labels)
    counted = np.zeros_like(joint)
    for label, best in zip(labels, found, strict=True):
        if best != NONE:
            counted[label, best] += 1
    np.testing.assert_array_equal(counted, joint)
    assert set(np.flatnonzero(label_issues(probabilities, labels)).tolist()) == off


@given(logits=LOGITS, seed=some.integers(0, 99))
def test_thresholds_are_means_of_those_that_bear_the_label(logits: np.ndarray, seed: int) -> None:
    """A class's threshold is NumPy's mean over its photos; a class without photos can be reached by none."""
    probabilities = softmax(logits, axis=1)
    labels = np.random.default_rng(seed).integers(0, logits.shape[1], len(logits))
    for label, threshold in enumerate(self_confidence(probabilities, labels)):
        own = probabilities[labels == label, label]
        assert threshold == (np.mean(own) if len(own) else np.inf)
        if not len(own):
            assert not (confident_classes(probabilities, labels) == label).any()


def test_an_exchanged_label_is_found() -> None:
    """Of forty sure answers, one of which bears the wrong label, that one alone is in doubt, and with the class it is of."""
    labels = np.repeat([0, 1], 20)
    probabilities = np.where(labels[:, None] == np.arange(2), 0.9, 0.1)
    given_labels = labels.copy()
    given_labels[3] = 1
    assert np.flatnonzero(label_issues(probabilities, given_labels)).tolist() == [3]
    assert confident_classes(probabilities, given_labels)[3] == 0


def test_one_class_and_equal_answers_put_nothing_in_doubt() -> None:
    """With one class only, or with one photo, no label is in doubt, although every probability reaches its threshold."""
    assert not label_issues(np.full((7, 1), 0.7, dtype=np.float32), np.zeros(7, dtype=np.int64)).any()
    assert not label_issues(np.array([[0.2, 0.8]]), np.array([0])).any()


def test_a_hesitant_answer_counts_nowhere() -> None:
    """A photo that reaches no threshold is neither on the diagonal nor off it."""
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    assert confident_classes(probabilities, np.array([0, 1, 0, 1, 0])).tolist() == [0, 1, 0, 1, NONE]
