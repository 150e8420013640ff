"""Figures from predictions: arrays in, arrays out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.arrays import Labels, Probabilities

# What Keras puts in the place of a smaller probability before it takes a logarithm (`keras.backend.epsilon`).
SMALLEST_PROBABILITY = 1e-7
# Share of photos of its own classes that count as none of them; so many photos are needed to know it.
TURNED_AWAY, FEWEST_FOR_THRESHOLD = 0.05, 20


def confusion_matrix(truth: Labels, predicted: Labels, classes: int) -> NDArray[np.int64]:
    """Counts photos: int64, (classes, classes), rows are the truth, columns the prediction."""
    # What scikit-learn's gives (a test holds that), without a second's import on a page that is looked at.
    counted = np.bincount(truth * classes + predicted, minlength=classes**2)
    return counted.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is recognized among the others.

    Args:
        precision: Of the photos that were called so, the share that are; 0 if none was.
        recall: Of the photos that are so, the share that were called so; 0 if there is none.
        f1: The harmonic mean of both; 0 if both are.
        photos: How many are so.
        called: How many were called so.
    """

    precision: float
    recall: float
    f1: float
    photos: int
    called: int = 0

    def known(self, figure: str) -> float | None:
        """Returns `precision`, `recall` or `f1`; None where it is 0 only because there is nothing to divide by."""
        divisor = {"precision": self.called, "recall": self.photos, "f1": self.called + self.photos}[figure]
        return float(getattr(self, figure)) if divisor else None


def class_figures(matrix: Sequence[Sequence[int]] | NDArray[np.int64]) -> list[ClassFigures]:
    """Returns precision, recall and F1 of each class of a confusion matrix (rows are the truth), as scikit-learn defines them."""
    counts = np.asarray(matrix, dtype=np.int64)
    figures = []
    for place, right in enumerate(np.diag(counts).tolist()):
        called, are = int(counts[:, place].sum()), int(counts[place].sum())
        # F1 = 2·right / (called + are): the harmonic mean, without its 0/0 where nothing was right.
        figures.append(
            ClassFigures(
                precision=right / called if called else 0.0,
                recall=right / are if are else 0.0,
                f1=2 * right / (called + are) if called + are else 0.0,
                photos=are,
                called=called,
            )
        )
    return figures


def average_figures(classes: Sequence[ClassFigures], *, weighted: bool) -> ClassFigures:
    """Returns the mean over classes: each counts the same (macro), or by its photos (weighted)."""
    weights = [one.photos if weighted else 1 for one in classes]
    total = sum(weights) or 1

    def mean(values: Iterable[float]) -> float:
        return sum(value * weight for value, weight in zip(values, weights, strict=True)) / total

    return ClassFigures(
        precision=mean(one.precision for one in classes),
        recall=mean(one.recall for one in classes),
        f1=mean(one.f1 for one in classes),
        photos=sum(one.photos for one in classes),
        called=sum(one.called for one in classes),
    )


def top_confusions(matrix: Sequence[Sequence[int]] | NDArray[np.int64], *, most: int = 5) -> list[tuple[int, int, int]]:
    """Returns the most frequent mistakes as (true class, answer, photos), the most frequent first; none that never happened."""
    counts = np.asarray(matrix, dtype=np.int64)
    pairs = [
        (int(counts[true, answer]), true, answer)
        for true in range(len(counts))
        for answer in range(len(counts))
        if true != answer and counts[true, answer]
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    return [(true, answer, count) for count, true, answer in pairs[:most]]


def certainty(probabilities: Probabilities) -> NDArray[np.float64]:
    """Returns how far each answer is from an even one, of 2 classes or more: float64, (n,).

    It is 1 − entropy / ln(classes), 0 (all equal) to 1 (one class alone).
    """
    shares = probabilities.astype(np.float64)
    entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1)
    return np.asarray(1 - entropy / math.log(shares.shape[1]))


def unknown_threshold(probabilities: Probabilities) -> float | None:
    """Returns the certainty below which a photo counts as probably of none of the classes.

    It is the (lower) 5 % quantile of photos that are of these classes, and that the network has not learnt from: up to so many of
    them are turned away as well.

    Returns:
        0..1; None for fewer than 20 photos, of which there is no twentieth, or fewer than two classes, between which no answer is unsure.
    """
    photos, classes = probabilities.shape
    if photos < FEWEST_FOR_THRESHOLD or classes < 2:
        return None
    return float(np.quantile(certainty(probabilities), TURNED_AWAY, method="lower"))


def photo_losses(probabilities: Probabilities, truth: Labels) -> NDArray[np.float64]:
    """Returns each photo's loss, the cross-entropy: −ln p(truth), 0 for a sure and right answer: float64, (n,).

    A probability below `SMALLEST_PROBABILITY` counts as that, as in Keras, so that a loss is at most 16.1.
    """
    of_truth = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return -np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1.0))
