"""The picture of A and B over the garden's difficulty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go

from tools.docs.figure_picture import save_figure

WIDTH_PX, HEIGHT_PX = 900, 480


def draw(rows: Sequence[tuple[float, float | None, float | None]], default: float, lecture: float, file: Path) -> None:
    """Draws accuracies over the difficulty, in Chromium.

    Args:
        rows: (difficulty, accuracy of A, accuracy of B); None where it was not measured.
        default: The default difficulty.
        lecture: A's honest accuracy on real photos.
        file: A PNG.
    """
    figure = go.Figure()
    for column, (name, colour) in enumerate([("A · from scratch", "#0072B2"), ("B · VGG16 mini", "#D55E00")], start=1):
        points = [(row[0], row[column]) for row in rows if row[column] is not None]
        figure.add_scatter(
            x=[x for x, _ in points],
            y=[y for _, y in points],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 3},
            marker={"size": 10},
        )
    figure.add_hline(lecture, line_dash="dot", annotation_text="A on real photos", annotation_position="bottom left")
    figure.add_vline(default, line_dash="dot", annotation_text="default")
    figure.update_layout(
        template="plotly_white",
        font={"size": 18},
        width=WIDTH_PX,
        height=HEIGHT_PX,
        margin={"l": 70, "r": 20, "t": 30, "b": 60},
        showlegend=True,
        legend={"x": 0.75, "y": 0.98},
        xaxis={"title": "difficulty of the garden", "range": [-0.03, 1.03]},
        yaxis={"title": "test accuracy", "range": [0, 1.02], "tickformat": ".0%"},
    )
    save_figure(figure, file)
