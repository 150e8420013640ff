"""Confusion matrices as heatmaps that share one colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.locale import _
from flowerlab.metrics import row_shares

if TYPE_CHECKING:
    import plotly.graph_objects as go

# One hue from the page's background to full: order is read from lightness alone, so no kind of colour vision loses it.
SCALES: dict[str, list[str]] = {
    "light": ["#f3f7fa", "#a9cfe6", "#4a9bc9", "#0072b2", "#00426b"],
    "dark": ["#1b2730", "#15415c", "#0f5a85", "#0a6ba6", "#0a7cc0"],
}
# Words longer than this would leave no room for the cells where three matrices stand side by side.
LONGEST_LABEL = 12
# Above this many classes a number no longer fits into its cell; it is still told on hover and in the table.
MOST_CLASSES_WITH_NUMBERS = 12
# Of more classes than this only every second, third … name is written; all are told on hover.
MOST_NAMES = 14


def cell_values(matrix: Sequence[Sequence[int]], *, shares: bool) -> NDArray[np.float64]:
    """Returns what the cells of a matrix show.

    Args:
        matrix: (classes, classes), photos by (true class, predicted class).
        shares: Percent of the row (the true class), 0..100, instead of photos.

    Returns:
        float64, (classes, classes).
    """
    counts = np.asarray(matrix, dtype=np.int64)
    return row_shares(counts) * 100 if shares else counts.astype(np.float64)


def scale_top(matrices: Sequence[Sequence[Sequence[int]]], *, shares: bool) -> float:
    """Returns the value that has the strongest colour in all these matrices: 100 % or the largest count."""
    if shares:
        return 100.0
    return float(max((max(map(max, matrix)) for matrix in matrices), default=1) or 1)


def matrix_figure(
    matrix: Sequence[Sequence[int]], classes: Sequence[str], *, shares: bool, top: float, dark: bool = False
) -> go.Figure:
    """Draws one confusion matrix.

    Args:
        matrix: (classes, classes), photos by (true class, predicted class).
        classes: Names in label order.
        shares: Show percent of the true class instead of photos.
        top: Value with the strongest colour, from `scale_top` over all matrices that stand beside this one.
        dark: Whether the page is dark.

    Returns:
        A Plotly figure; rows are the truth, columns the prediction.
    """
    import plotly.graph_objects as go

    values = cell_values(matrix, shares=shares)
    names = [_shortened(name) for name in classes]
    unit = _("% of the true class") if shares else _("photos")
    told = [
        [
            _("{count} of {total} photos of {truth} were called {answer}").format(
                count=f"{count:,}", total=f"{sum(row):,}", truth=classes[true], answer=classes[predicted]
            )
            for predicted, count in enumerate(row)
        ]
        for true, row in enumerate(matrix)
    ]
    gap = 2 if len(names) <= MOST_NAMES else 0.5
    heatmap = go.Heatmap(
        z=values,
        x=list(range(len(names))),
        y=list(range(len(names))),
        zmin=0,
        zmax=top,
        colorscale=SCALES["dark" if dark else "light"],
        showscale=False,
        xgap=gap,
        ygap=gap,
        customdata=told,
        hovertemplate="%{customdata}<br>%{z:.1f} " + unit + "<extra></extra>",
        texttemplate="%{z:.0f}" if len(names) <= MOST_CLASSES_WITH_NUMBERS else None,
        textfont={"size": 17 if len(names) <= 6 else 11},
    )
    figure = go.Figure(heatmap)
    step = -(-len(names) // MOST_NAMES)
    ticks: dict[str, Any] = {
        "tickvals": list(range(0, len(names), step)),
        "ticktext": names[::step],
        "showgrid": False,
        "zeroline": False,
        "fixedrange": True,
        "tickfont": {"size": 14 if len(names) <= 6 else 11},
    }
    figure.update_xaxes(**ticks, title={"text": _("prediction"), "standoff": 6, "font": {"size": 15}}, tickangle=-40)
    figure.update_yaxes(**ticks, title={"text": _("truth"), "standoff": 6, "font": {"size": 15}}, autorange="reversed")
    figure.update_layout(height=380, margin={"l": 8, "r": 8, "t": 8, "b": 8}, dragmode=False)
    return figure


def matrix_sentence(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Says in words what a matrix shows: how many photos lie on the diagonal, and the most frequent mistake."""
    counts = np.asarray(matrix, dtype=np.int64)
    right, total = int(np.trace(counts)), int(counts.sum())
    text = _("{right} of {total} test photos are on the diagonal, which means classified rightly.").format(
        right=f"{right:,}", total=f"{total:,}"
    )
    wrong = counts.copy()
    np.fill_diagonal(wrong, 0)
    if wrong.max(initial=0) > 0:
        true, predicted = np.unravel_index(int(wrong.argmax()), wrong.shape)
        text += " " + _("The most frequent mistake: {truth} called {answer} ({count} photos).").format(
            truth=classes[int(true)], answer=classes[int(predicted)], count=f"{int(wrong.max()):,}"
        )
    return text


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
