"""Learning curves of several runs in one figure."""

from __future__ import annotations

import html
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flowerlab.charts.colours import run_colour, run_dash
from flowerlab.locale import _

if TYPE_CHECKING:
    import plotly.graph_objects as go

Measure = Literal["accuracy", "loss"]
Along = Literal["epoch", "seconds", "steps"]
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
        at: Where the end of each epoch stands on the horizontal axis; empty: at its number.
        low, high: Where several runs are drawn as one, the smallest and largest validation of each epoch; else empty.
        sd: Likewise the sample standard deviation of the validation.
    """

    name: str
    number: int
    epochs: tuple[int, ...]
    training: tuple[float, ...]
    validation: tuple[float, ...]
    best_epoch: int | None = None
    at: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    sd: tuple[float, ...] = ()

    @property
    def places(self) -> tuple[float, ...]:
        """Where the end of each epoch stands on the horizontal axis."""
        return self.at or self.epochs


def shown_name(name: str) -> str:
    """Returns a name that somebody typed such that Plotly, which obeys some HTML, shows it as it is."""
    return html.escape(name, quote=False)


def banded(curves: Sequence[Curve], name: str) -> Curve:
    """Draws several runs as one: their mean, and from the smallest to the largest validation.

    It goes as far as the shortest of them, for a mean over fewer runs would jump. On an axis of seconds each epoch stands at the mean
    of its times.

    Args:
        curves: One or more, for one measure and one axis.
        name: Of them all. Their colour is that of the first.
    """
    last = min(len(curve.epochs) for curve in curves)

    def mean(*rows: Sequence[float]) -> tuple[float, ...]:
        return tuple(sum(column) / len(column) for column in zip(*(row[:last] for row in rows), strict=True))

    columns = list(zip(*(curve.validation[:last] for curve in curves), strict=True))
    return Curve(
        name=name,
        number=curves[0].number,
        epochs=curves[0].epochs[:last],
        training=mean(*(curve.training for curve in curves)),
        validation=mean(*(curve.validation for curve in curves)),
        at=mean(*(curve.places for curve in curves)),
        low=tuple(min(column) for column in columns),
        high=tuple(max(column) for column in columns),
        sd=tuple(statistics.stdev(column) if len(column) > 1 else 0.0 for column in columns),
    )


def curves_figure(curves: Sequence[Curve], measure: Measure, along: Along = "epoch") -> go.Figure:
    """Overlays runs: validation solid with the run's marker, training thin in the run's dash, the best epoch ringed.

    Args:
        curves: One a run, or one a band of several.
        measure: What the values are.
        along: What the horizontal axis is; `at` of the curves must fit.

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
        if curve.low:
            _add_band(figure, curve, factor)
        figure.add_scatter(
            x=curve.places,
            customdata=curve.epochs,
            y=[number * factor for number in curve.training],
            name=_("{run} · training").format(run=shown_name(curve.name)),
            mode="lines" if len(curve.epochs) > 1 else "markers",
            line={"color": colour, "width": 1.4, "dash": run_dash(curve.number)},
            marker={"color": colour, "size": 5, "symbol": marker + "-open"},
            opacity=0.9,
            showlegend=False,
            hovertemplate=_("training, epoch {epoch}: {value}").format(epoch="%{customdata}", value=value),
        )
        figure.add_scatter(
            x=curve.places,
            customdata=curve.epochs,
            y=[number * factor for number in curve.validation],
            name=shown_name(legend_name(curve, measure)),
            mode="lines+markers",
            line={"color": colour, "width": 4, "dash": "solid"},
            marker={
                "color": colour,
                "symbol": marker,
                "size": [17 if is_best else 9 for is_best in best],
                "line": {"color": "#888888", "width": [2 if is_best else 0 for is_best in best]},
            },
            hovertemplate=_("validation, epoch {epoch}: {value}").format(epoch="%{customdata}", value=value),
        )
    title = _("accuracy (%)") if measure == "accuracy" else _("loss")
    titles = {"epoch": _("epoch"), "seconds": _("time since the run began (s)"), "steps": _("gradient steps (batches)")}
    ticks = _whole_ticks(curves) if along == "epoch" else {"rangemode": "tozero"}
    figure.update_xaxes(title=titles[along], fixedrange=True, **axis_fonts(), **ticks)
    figure.update_yaxes(
        title=title, fixedrange=True, **axis_fonts(), rangemode="normal" if measure == "accuracy" else "tozero"
    )
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"size": FONT_PX},
        legend={
            "orientation": "h",
            "yanchor": "bottom",
            "y": 1.02,
            "x": 0,
            "font": {"size": FONT_PX},
            "traceorder": "normal",
        },
        dragmode=False,
        hovermode="closest",
    )
    return figure


def legend_name(curve: Curve, measure: Measure) -> str:
    """Returns what the legend calls a curve; several runs in one with their mean and spread in the last epoch that all have."""
    if not curve.sd:
        return curve.name
    return _("{run}: mean {value} in epoch {epoch}").format(
        run=curve.name, value=_value(curve, len(curve.epochs) - 1, measure), epoch=curve.epochs[-1]
    )


def _value(curve: Curve, place: int, measure: Measure, *, reach: bool = False) -> str:
    """Writes the validation of an epoch, of several runs as `80.0 % ± 10.0`, with their reach `(70.0–90.0)` behind it."""
    factor, digits, unit = (100, 1, " %") if measure == "accuracy" else (1, 3, "")
    told = f"{curve.validation[place] * factor:.{digits}f}{unit}"
    if curve.sd:
        told += f" ± {curve.sd[place] * factor:.{digits}f}"
    if curve.low and reach:
        told += f" ({curve.low[place] * factor:.{digits}f}–{curve.high[place] * factor:.{digits}f})"
    return told


def curve_rows(curves: Sequence[Curve], measure: Measure) -> list[dict[str, str | int | float]]:
    """Returns curves as rows of a table, one an epoch: accuracies in percent, losses as they are; bands with their reach.

    Args:
        curves: As they are drawn.
        measure: What the values are.
    """
    factor = 100 if measure == "accuracy" else 1
    return [
        {
            "run": curve.name, "epoch": epoch, "at": curve.places[place],
            "training": curve.training[place] * factor, "validation": curve.validation[place] * factor,
            **({"low": curve.low[place] * factor, "high": curve.high[place] * factor} if curve.low else {}),
        }
        for curve in curves
        for place, epoch in enumerate(curve.epochs)
    ]  # fmt: skip


def _add_band(figure: go.Figure, curve: Curve, factor: float) -> None:
    """Fills what lies between the smallest and the largest of several runs."""
    red, green, blue = (int(run_colour(curve.number)[place : place + 2], 16) for place in (1, 3, 5))
    edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    figure.add_scatter(x=curve.places, y=[number * factor for number in curve.low], **edge)
    figure.add_scatter(
        x=curve.places, y=[number * factor for number in curve.high], fill="tonexty",
        fillcolor=f"rgba({red},{green},{blue},0.22)", **edge,
    )  # fmt: skip


def curves_sentence(curves: Sequence[Curve], measure: Measure) -> str:
    """Says in words where each curve ends, for those who cannot see the figure."""
    parts = []
    for curve in curves:
        if not curve.epochs:
            continue
        best = curve.best_epoch if curve.best_epoch in curve.epochs else curve.epochs[-1]
        told = _value(curve, curve.epochs.index(best), measure, reach=True)
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
