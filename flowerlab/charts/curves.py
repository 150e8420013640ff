"""Learning curves of several runs in one figure."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flowerlab.charts.colours import run_colour, run_dash
from flowerlab.locale import _

if TYPE_CHECKING:
    import plotly.graph_objects as go

Measure = Literal["accuracy", "loss"]
FONT_PX = 15
MARKERS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "x", "pentagon")


@dataclass(frozen=True)
class Curve:
    """What a run's epochs came to, for one measure.

    Args:
        name: Of the run.
        number: Of the run; decides colour, dash and marker.
        epochs: 1-based numbers of the whole epochs.
        training: One value an epoch; accuracy as a share, 0..1, or loss.
        validation: One value an epoch, likewise.
        best_epoch: 1-based number of the epoch whose weights were kept; None if unknown.
    """

    name: str
    number: int
    epochs: tuple[int, ...]
    training: tuple[float, ...]
    validation: tuple[float, ...]
    best_epoch: int | None = None


def shown_name(name: str) -> str:
    """Returns a name that somebody typed such that Plotly, which obeys some HTML, shows it as it is."""
    return html.escape(name, quote=False)


def curves_figure(curves: Sequence[Curve], measure: Measure) -> go.Figure:
    """Overlays runs: validation solid with the run's marker, training thin in the run's dash, the best epoch ringed.

    Args:
        curves: One a run.
        measure: What the values are.

    Returns:
        A Plotly figure.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    factor = 100 if measure == "accuracy" else 1
    value = "%{y:.1f} %" if measure == "accuracy" else "%{y:.3f}"
    for curve in curves:
        colour = run_colour(curve.number)
        marker = MARKERS[curve.number % len(MARKERS)]
        best = [epoch == curve.best_epoch for epoch in curve.epochs]
        figure.add_scatter(
            x=curve.epochs,
            y=[number * factor for number in curve.training],
            name=_("{run} · training").format(run=shown_name(curve.name)),
            mode="lines" if len(curve.epochs) > 1 else "markers",
            line={"color": colour, "width": 1.4, "dash": run_dash(curve.number)},
            marker={"color": colour, "size": 5, "symbol": marker + "-open"},
            opacity=0.9,
            showlegend=False,
            hovertemplate=_("training, epoch {epoch}: {value}").format(epoch="%{x}", value=value),
        )
        figure.add_scatter(
            x=curve.epochs,
            y=[number * factor for number in curve.validation],
            name=shown_name(curve.name),
            mode="lines+markers",
            line={"color": colour, "width": 4, "dash": "solid"},
            marker={
                "color": colour,
                "symbol": marker,
                "size": [17 if is_best else 9 for is_best in best],
                "line": {"color": "#888888", "width": [2 if is_best else 0 for is_best in best]},
            },
            hovertemplate=_("validation, epoch {epoch}: {value}").format(epoch="%{x}", value=value),
        )
    title = _("accuracy (%)") if measure == "accuracy" else _("loss")
    figure.update_xaxes(title=_("epoch"), fixedrange=True, **axis_fonts(), **_whole_ticks(curves))
    figure.update_yaxes(
        title=title, fixedrange=True, **axis_fonts(), rangemode="normal" if measure == "accuracy" else "tozero"
    )
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"size": FONT_PX},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "font": {"size": FONT_PX}},
        dragmode=False,
        hovermode="closest",
    )
    return figure


def curves_sentence(curves: Sequence[Curve], measure: Measure) -> str:
    """Says in words where each curve ends, for those who cannot see the figure."""
    parts = []
    for curve in curves:
        if not curve.epochs:
            continue
        best = curve.best_epoch if curve.best_epoch in curve.epochs else curve.epochs[-1]
        value = curve.validation[curve.epochs.index(best)]
        told = f"{value * 100:.1f} %" if measure == "accuracy" else f"{value:.3f}"
        parts.append(
            _("{run}: validation {measure} {value} in epoch {epoch} of {epochs}").format(
                run=curve.name,
                measure=_("accuracy") if measure == "accuracy" else _("loss"),
                value=told,
                epoch=best,
                epochs=curve.epochs[-1],
            )
        )
    return "; ".join(parts) + "."


def axis_fonts() -> dict[str, object]:
    """Letters of an axis, large enough for the back row."""
    return {"tickfont": {"size": FONT_PX}, "title_font": {"size": FONT_PX}}


def _whole_ticks(curves: Sequence[Curve]) -> dict[str, object]:
    """Keeps Plotly from ticks such as 1.5 where there are few epochs."""
    last = max((curve.epochs[-1] for curve in curves if curve.epochs), default=1)
    return {"dtick": 1, "range": [0.7, max(last, 2) + 0.3]} if last <= 12 else {"range": [0, last + 1]}
