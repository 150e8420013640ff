"""Figures from predictions: arrays in, arrays out."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.array_files import read_npz

# What Keras puts in the place of a smaller probability before it takes a logarithm (`keras.backend.epsilon`).
SMALLEST_PROBABILITY = 1e-7
# Twice what one page compares: two viewers with other runs do not drive each other's out.
KEPT_PREDICTIONS = 12
# Share of photos of its own classes that a network takes for none of them; so many photos are needed to tell it.
TURNED_AWAY, FEWEST_FOR_THRESHOLD = 0.05, 20


def confusion_matrix(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts photos by (true class, predicted class).

    Args:
        truth: int64, (n,).
        predicted: int64, (n,).
        classes: Number of classes.

    Returns:
        int64, (classes, classes): rows are the truth, columns the prediction.
    """
    # What scikit-learn's gives (a test holds that), without a second's import on a page that is looked at.
    counted = np.bincount(truth * classes + predicted, minlength=classes**2)
    return counted.reshape(classes, classes).astype(np.int64)


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is told from the others.

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
    """Returns precision, recall and F1 of each class of a confusion matrix (rows are the truth), as scikit-learn defines them.

    Args:
        matrix: (classes, classes).
    """
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


def wilson_interval(right: int, total: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Returns the Wilson score interval of a share (Wilson 1927).

    Args:
        right: Photos classified rightly, 0..total.
        total: Photos in all; with 0 nothing is known, and the interval is (0, 1).
        confidence: Of the interval, 0..1.

    Returns:
        (low, high), each 0..1.
    """
    if total == 0:
        return 0.0, 1.0
    # SciPy has this too, but to import it takes 1.3 s, which every table of runs would wait for.
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = right / total, z * z / total
    centre = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    return (0.0 if right == 0 else centre - half), (1.0 if right == total else centre + half)


def share_difference_interval(
    first_right: int, first_total: int, second_right: int, second_total: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Returns the interval of the difference of two shares of different photos: Newcombe's hybrid score interval.

    Newcombe, “Interval estimation for the difference between independent proportions”, Statistics in Medicine 17, 1998, method
    10: each share's distance from the ends of its own Wilson interval, added as squares.

    Args:
        first_right, first_total: Photos classified rightly and in all, of the first.
        second_right, second_total: Of the second, which was asked other photos.
        confidence: Of the interval, 0..1.

    Returns:
        (low, high) of the first share minus the second, each −1..1; (−1, 1) if either has no photos.
    """
    if not first_total or not second_total:
        return -1.0, 1.0
    first, second = first_right / first_total, second_right / second_total
    first_low, first_high = wilson_interval(first_right, first_total, confidence=confidence)
    second_low, second_high = wilson_interval(second_right, second_total, confidence=confidence)
    difference = first - second
    low = difference - math.hypot(first - first_low, second_high - second)
    high = difference + math.hypot(first_high - first, second - second_low)
    return low, high


def accuracy_interval(accuracy: float, photos: int) -> tuple[float, float]:
    """Returns the 95 % Wilson interval of an accuracy (0..1) that was measured on so many photos, each end 0..1."""
    return wilson_interval(round(accuracy * photos), photos)


def sureness(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Returns how far each answer is from an even one: 1 − entropy / ln(classes), 0 (all equal) to 1 (one class alone).

    Args:
        probabilities: (n, classes), 2 classes or more.

    Returns:
        float64, (n,).
    """
    shares = probabilities.astype(np.float64)
    entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1)
    return np.asarray(1 - entropy / math.log(shares.shape[1]))


def unknown_threshold(probabilities: NDArray[np.floating[Any]]) -> float | None:
    """Returns the sureness below which a photo is told to be probably of none of the classes.

    That is the (lower) 5 % quantile of photos that are of these classes: up to so many of them are turned away as well.

    Args:
        probabilities: (n, classes), answers to photos that the network has not learnt from.

    Returns:
        0..1; None for fewer than 20 photos, of which no twentieth can be told, or fewer than two classes, between which nobody is unsure.
    """
    photos, classes = probabilities.shape
    if photos < FEWEST_FOR_THRESHOLD or classes < 2:
        return None
    return float(np.quantile(sureness(probabilities), TURNED_AWAY, method="lower"))


def photo_losses(probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Returns each photo's loss, the cross-entropy: −ln p(truth), 0 for a sure and right answer.

    Args:
        probabilities: (n, classes).
        truth: int64, (n,).

    Returns:
        float64, (n,). A probability below `SMALLEST_PROBABILITY` counts as that, as in Keras, so that a loss is at most 16.1.
    """
    of_truth = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return -np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1.0))


def load_predictions(folder: Path) -> dict[str, Any] | None:
    """Returns the arrays of a run's `predictions.npz`, read-only; None if the run has none, or they do not fit together.

    They are kept in memory for all viewers, as long as the file is the same and not many others are asked for.

    Keys: `classes` (classes,), `test_ids`, `test_truth` (n,), `test_probabilities` float32 (n, classes), `val_ids`,
    `val_truth` (m,), `val_probabilities` float32 (epochs, m, classes).
    """
    path = folder / "predictions.npz"
    try:
        written = path.stat()
        return dict(_predictions(path, written.st_mtime_ns, written.st_size))
    except (OSError, ValueError):
        return None


@functools.lru_cache(maxsize=KEPT_PREDICTIONS)
def _predictions(path: Path, written_ns: int, size: int) -> dict[str, NDArray[Any]]:
    arrays = read_npz(path)
    if not _fit_together(arrays):
        raise ValueError(f"{path.name} holds arrays that do not fit together")
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _fit_together(arrays: dict[str, NDArray[Any]]) -> bool:
    try:
        classes = arrays["classes"]
        return classes.ndim == 1 and all(
            _fits(arrays[f"{part}_ids"], arrays[f"{part}_truth"], arrays[f"{part}_probabilities"], len(classes))
            for part in ("test", "val")
        )
    except (KeyError, TypeError):
        return False


def _fits(ids: NDArray[Any], truth: NDArray[Any], probabilities: NDArray[Any], classes: int) -> bool:
    return (
        ids.shape == truth.shape == (len(truth),)
        and truth.dtype.kind in "iu"
        and bool(((truth >= 0) & (truth < classes)).all())
        and probabilities.dtype.kind == "f"
        and probabilities.shape[-2:] == (len(truth), classes)
        and bool(((probabilities >= 0) & (probabilities <= 1.001)).all())
    )
