"""Confusion matrices, and the difference of two, on scales that they share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.charts.heatmap import Scale, heatmap_options
from flowerlab.evaluation.confusion import Cell, Unit, cell_values, difference_values
from flowerlab.locale import _

# One hue from the page's background to full: order is read from lightness alone, so no kind of colour vision loses it.
AMOUNT = {
    "light": ("#f3f7fa", "#a9cfe6", "#4a9bc9", "#0072b2", "#00426b"),
    "dark": ("#1b2730", "#15415c", "#0f5a85", "#0a6ba6", "#0a74b6"),
}
# Orange and blue on either side of the page's own tone: distinct for every common kind of colour vision.
DIFFERENCE = {
    "light": ("#a34700", "#e58a3c", "#f4f2ec", "#56a5d6", "#00568a"),
    "dark": ("#f08a32", "#8f4a12", "#222b27", "#1a5580", "#56b4e9"),
}
Counts = Sequence[Sequence[int]] | NDArray[np.int64]


def amount_scale(matrices: Sequence[Counts], unit: Unit, *, dark: bool) -> Scale:
    """Returns the one scale of matrices that stand side by side: up to 100 %, or to the largest count."""
    top = 100.0 if unit != "counts" else float(max((np.max(matrix) for matrix in matrices), default=0)) or 1.0
    return Scale(0.0, top, AMOUNT["dark" if dark else "light"])


def matrix_options(
    counts: Counts,
    classes: Sequence[str],
    unit: Unit,
    *,
    scale: Scale,
    dark: bool = False,
    opened: Cell | None = None,
    opens: bool = True,
) -> dict[str, Any]:
    """Draws one confusion matrix.

    Args:
        counts: (classes, classes), photos by (true class, answer).
        classes: Names in label order.
        scale: From `amount_scale` over all matrices that stand beside this one.
        opens: Whether a click on a cell leads to its photos.
    """
    photos = np.asarray(counts, dtype=np.int64)
    values = cell_values(photos, unit)
    hovers = [
        [
            f"{_count_words(photos, cell, classes)} {_share(values[cell], unit)}".strip()
            for cell in (Cell(row, column) for column in range(len(classes)))
        ]
        for row in range(len(classes))
    ]
    texts = [["–" if math.isnan(value) else f"{value:.0f}" for value in row] for row in values.tolist()]
    return heatmap_options(values, texts, hovers, classes, scale=scale, dark=dark, opened=opened, opens=opens)


def difference_options(
    first: Counts, second: Counts, classes: Sequence[str], unit: Unit, *, dark: bool = False, opened: Cell | None = None
) -> dict[str, Any]:
    """Draws the first matrix minus the second, on a scale that is centred on zero.

    Args:
        first, second: (classes, classes), photos by (true class, answer), of runs that were tested on the same photos.
        classes: Names in label order.
    """
    values = difference_values(first, second, unit)
    widest = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    sides = [cell_values(side, unit) for side in (first, second)]
    points = _("points") if unit != "counts" else _("photos")
    hovers = [
        [
            _("{truth} called {answer}: A {first}, B {second}, difference {difference} {unit}").format(
                truth=truth,
                answer=answer,
                first=_plain(sides[0][row, column], unit),
                second=_plain(sides[1][row, column], unit),
                difference=signed(values[row, column], unit),
                unit=points,
            )
            for column, answer in enumerate(classes)
        ]
        for row, truth in enumerate(classes)
    ]
    texts = [[signed(value, "counts") for value in row] for row in values.tolist()]
    scale = Scale(-widest, widest, DIFFERENCE["dark" if dark else "light"])
    return heatmap_options(values, texts, hovers, classes, scale=scale, dark=dark, opened=opened)


def signed(value: float, unit: Unit) -> str:
    """Writes a difference with its sign: `+3`, `−4`, `0`; percents with one decimal; `–` if there is none."""
    if math.isnan(value):
        return "–"
    text = f"{value:+.0f}" if unit == "counts" else f"{value:+.1f}"
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def matrix_sentence(counts: Counts, classes: Sequence[str]) -> str:
    """Says in words what a matrix shows: how many photos lie on the diagonal, and the most frequent mistake."""
    photos = np.asarray(counts, dtype=np.int64)
    right, total = int(np.trace(photos)), int(photos.sum())
    text = _("{right} of {total} test photos are on the diagonal, which means classified rightly.").format(
        right=f"{right:,}", total=f"{total:,}"
    )
    wrong = photos.copy()
    np.fill_diagonal(wrong, 0)
    if wrong.max(initial=0) > 0:
        true, answer = np.unravel_index(int(wrong.argmax()), wrong.shape)
        most = int(wrong.max())
        words = _("The most frequent mistake: {truth} called {answer} ({count} photos).")
        if most == 1:
            words = _("The most frequent mistake: {truth} called {answer} (1 photo).")
        text += " " + words.format(truth=classes[int(true)], answer=classes[int(answer)], count=f"{most:,}")
    return text


def difference_sentence(first: Counts, second: Counts, classes: Sequence[str]) -> str:
    """Says in words what a difference of two matrices shows: the right answers, and the mistake in which they differ most."""
    text = _("A is right on {first} photos, B on {second}.").format(
        first=f"{int(np.trace(np.asarray(first))):,}", second=f"{int(np.trace(np.asarray(second))):,}"
    )
    wrong = difference_values(first, second, "counts").astype(np.int64)
    np.fill_diagonal(wrong, 0)
    if np.abs(wrong).max(initial=0) > 0:
        true, answer = np.unravel_index(int(np.abs(wrong).argmax()), wrong.shape)
        text += " " + _("The mistake in which they differ most: {truth} called {answer} ({count}).").format(
            truth=classes[int(true)], answer=classes[int(answer)], count=signed(float(wrong[true, answer]), "counts")
        )
    return text


def _count_words(photos: NDArray[np.int64], cell: Cell, classes: Sequence[str]) -> str:
    return _("{count} of {total} photos of {truth} were called {answer}").format(
        count=f"{photos[cell]:,}", total=f"{photos[cell.truth].sum():,}", truth=classes[cell.truth], answer=classes[cell.answer]
    )


def _share(value: float, unit: Unit) -> str:
    if unit == "counts" or math.isnan(value):
        return ""
    words = _("({share:.1f} % of the true class)") if unit == "rows" else _("({share:.1f} % of all photos called so)")
    return words.format(share=value)


def _plain(value: float, unit: Unit) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if unit == "counts" else f"{value:.1f} %"
