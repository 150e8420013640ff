"""The map of photos by their features: a point a photo. A Plotly figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.charts.colours import class_colour, class_glyph
from flowerlab.charts.parts import GREY
from flowerlab.locale import _

# Plotly's signs in the order of `colours.GLYPHS`.
SIGNS = ("circle", "triangle-up", "square", "diamond", "star", "cross")
RIGHT, WRONG = GREY, "#D55E00"
HEIGHT_PX = 520


def map_figure(
    places: NDArray[np.float32], truth: NDArray[np.int64], answers: NDArray[np.int64], classes: Sequence[str], *, by_error: bool
) -> Any:
    """Draws a map.

    Each point's `customdata` is its place among the photos.

    Args:
        places: float32, (n, 2).
        truth: int64, (n,), labels.
        answers: int64, (n,), what the run answered.
        classes: Names in label order.
        by_error: Whether wrong answers stand out; else the true classes.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    if by_error:
        groups = [(_("right"), truth == answers, RIGHT, "circle-open", 7), (_("wrong"), truth != answers, WRONG, "x", 9)]
    else:
        groups = [
            (f"{class_glyph(label)} {name}", truth == label, class_colour(label), sign_of(label), 8)
            for label, name in enumerate(classes)
        ]
    for name, inside, colour, sign, size_px in groups:
        chosen = np.flatnonzero(inside)
        texts = [
            _("{truth}, called {answer}").format(truth=classes[truth[place]], answer=classes[answers[place]]) for place in chosen
        ]
        figure.add_trace(
            go.Scatter(
                x=places[chosen, 0],
                y=places[chosen, 1],
                mode="markers",
                name=f"{name} ({len(chosen):,})",
                customdata=chosen,
                text=texts,
                hovertemplate="%{text}<extra></extra>",
                marker={"color": colour, "symbol": sign, "size": size_px, "opacity": 0.8},
                selected={"marker": {"opacity": 1}},
                unselected={"marker": {"opacity": 0.25}},
            )
        )
    axis = {"showticklabels": False, "showgrid": False, "zeroline": False, "title": ""}
    # No dragmode: while the lasso is chosen, Streamlit takes no click for the choice of a point.
    figure.update_layout(
        height=HEIGHT_PX,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis=axis,
        yaxis={**axis, "scaleanchor": "x"},
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "x": 0},
    )
    return figure


def sign_of(label: int) -> str:
    """Returns Plotly's name of a class's sign."""
    return SIGNS[(label + label // len(SIGNS)) % len(SIGNS)]


def map_sentence(truth: NDArray[np.int64], answers: NDArray[np.int64], classes: Sequence[str]) -> str:
    """Says what a map shows in words: how many photos, how many of them are named wrongly."""
    wrong = int((truth != answers).sum())
    return _(
        "A map of {count} test photos of {classes} classes, near where the network finds them alike; {wrong} were named wrongly."
    ).format(count=f"{len(truth):,}", classes=len(classes), wrong=f"{wrong:,}")


def separation_sentence(features: NDArray[np.float32], truth: NDArray[np.int64]) -> str:
    """Says how many photos have a nearest neighbour of their own class, by cosine: what a map can only show flattened."""
    if len(features) < 2:
        return ""
    lengths = np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)
    pointing = features / lengths
    same = 0
    for begin in range(0, len(pointing), 512):
        near = pointing[begin : begin + 512] @ pointing.T
        near[np.arange(len(near)), begin + np.arange(len(near))] = -np.inf
        same += int((truth[near.argmax(axis=1)] == truth[begin : begin + 512]).sum())
    return _("Of {count} photos {same} have as nearest other photo one of their own class.").format(
        count=f"{len(truth):,}", same=f"{same:,}"
    )
