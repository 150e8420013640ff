"""Cells of confusion matrices: what stands in them, which photos lie in them, and in what two runs differ there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.arrays import Labels, Places, Probabilities
from flowerlab.evaluation.metrics import confusion_matrix

# Photos; percent of the row (the true class); percent of the column (the answer).
Unit = Literal["counts", "rows", "columns"]
# How well a class is recognized; see `flowerlab.evaluation.metrics.class_figures`.
Figure = Literal["recall", "precision", "f1"]


class Cell(NamedTuple):
    """A place in a confusion matrix.

    Args:
        truth: Label of the true class, 0-based: the row.
        answer: Label of the answer: the column.
    """

    truth: int
    answer: int


@dataclass(frozen=True)
class Differing:
    """The photos of a cell of two runs that were tested on the same photos.

    Args:
        only_first: Those that lie in the first's cell only, those of which the first was surest first.
        only_second: The reverse, those of which the second was surest first.
        both: How many lie in the cell of both.
    """

    only_first: Places
    only_second: Places
    both: int


def cell_sizes(truth: Labels, probabilities: Probabilities) -> NDArray[np.int64]:
    """Counts the photos of each cell: int64, (classes, classes), rows are the truth, columns the answer."""
    return confusion_matrix(truth, probabilities.argmax(axis=1), probabilities.shape[1])


def photos_in_cell(truth: Labels, probabilities: Probabilities, cell: Cell) -> Places:
    """Returns the photos of a cell, those with the largest probability of the answer first."""
    found = np.flatnonzero((truth == cell.truth) & (probabilities.argmax(axis=1) == cell.answer))
    return found[np.argsort(-probabilities[found, cell.answer], kind="stable")]


def photos_behind(truth: Labels, probabilities: Probabilities, figure: Figure, label: int | None) -> tuple[Places, int]:
    """Returns the photos that a figure of a class counts, the mistakes first.

    Recall counts the photos of the class: the matrix's row. Precision counts those that were called so: its column. F1 counts both.

    Args:
        label: Of the class, 0-based; None: the mean over all classes, which counts all photos.

    Returns:
        First those whose answer is not their true class, then the others, each the surest first; and how many of them are mistakes.
    """
    answers = probabilities.argmax(axis=1)
    inside = np.full(len(truth), label is None)
    if label is not None and figure != "precision":
        inside |= truth == label
    if label is not None and figure != "recall":
        inside |= answers == label
    found = np.flatnonzero(inside)
    right = answers[found] == truth[found]
    order = np.lexsort((-probabilities[found, answers[found]], right))
    return found[order], int((~right).sum())


def differing_photos(truth: Labels, first: Probabilities, second: Probabilities, cell: Cell) -> Differing:
    """Separates the photos that only one of two runs put into a cell from those that both did; both were asked the same photos."""
    of_first, of_second = photos_in_cell(truth, first, cell), photos_in_cell(truth, second, cell)
    shared = np.isin(of_first, of_second)
    return Differing(of_first[~shared], of_second[~np.isin(of_second, of_first)], int(shared.sum()))


def only_first_right(truth: Labels, first: Probabilities, second: Probabilities) -> Places:
    """Returns the photos that the first of two runs named rightly and the second did not, those of which it was surest first."""
    found = np.flatnonzero((first.argmax(axis=1) == truth) & (second.argmax(axis=1) != truth))
    return found[np.argsort(-first[found, truth[found]], kind="stable")]


def cell_values(counts: Sequence[Sequence[int]] | NDArray[np.int64], unit: Unit) -> NDArray[np.float64]:
    """Returns what the cells of a matrix show.

    Args:
        counts: (classes, classes), photos by (true class, answer).
        unit: Photos, or percent of a row or column, 0..100.

    Returns:
        float64, (classes, classes); NaN where the row or column has no photos to take percents of.
    """
    photos = np.asarray(counts, dtype=np.float64)
    if unit == "counts":
        return photos
    totals = photos.sum(axis=1 if unit == "rows" else 0, keepdims=True)
    shares: NDArray[np.float64] = np.divide(photos * 100, totals, out=np.full(photos.shape, np.nan), where=totals > 0)
    return shares


def difference_values(
    first: Sequence[Sequence[int]] | NDArray[np.int64], second: Sequence[Sequence[int]] | NDArray[np.int64], unit: Unit
) -> NDArray[np.float64]:
    """Subtracts the second matrix from the first, cell by cell.

    Args:
        first, second: (classes, classes), photos by (true class, answer), of runs that were tested on the same photos.
        unit: The difference is in photos, or in points of percent of the row or column.

    Returns:
        float64, (classes, classes); NaN where either has no percent.
    """
    return cell_values(first, unit) - cell_values(second, unit)
