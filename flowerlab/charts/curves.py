"""Learning curves of several runs in one chart. ECharts options."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flowerlab.charts.colours import run_colour, run_dash
from flowerlab.charts.legend import FONT_PX, legend_px, with_legend
from flowerlab.charts.parts import GREY, named_above, named_below, percent_labels
from flowerlab.charts.symbols import run_symbol
from flowerlab.locale import _

Measure = Literal["accuracy", "loss"]
Along = Literal["epoch", "seconds", "steps"]
# Of the chart below its legend, and what it has beside it on a wide page.
HEIGHT_PX, WIDE_PX = 350, 1000
# Up to so many epochs each has a tick of its own.
MOST_SINGLE_TICKS = 12


@dataclass(frozen=True)
class Curve:
    """What a run's epochs came to, for one measure.

    Args:
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


def curves_options(curves: Sequence[Curve], measure: Measure, along: Along = "epoch") -> dict[str, Any]:
    """Overlays runs: validation solid with the run's sign, training thin in the run's dash, the best epoch ringed and large.

    All lines of a run have its name, so that a click in the legend hides or shows them together.

    Args:
        curves: One a run, or one a band of several.
        measure: Accuracy is drawn in percent.
        along: What the horizontal axis is; `at` of the curves must fit.
    """
    names = [legend_name(curve, measure) for curve in curves]
    titles = {"epoch": _("epoch"), "seconds": _("time since the run began (s)"), "steps": _("gradient steps (batches)")}
    options = {
        "animation": False,
        "tooltip": {"trigger": "item", "valueFormatter": "%.1f %%" if measure == "accuracy" else "%.3f", "confine": True},
        "grid": {"left": 8, "right": 24, "bottom": 30, "containLabel": True},
        "xAxis": {
            "type": "value",
            "min": 0,
            "axisLabel": {"fontSize": FONT_PX, "hideOverlap": True},
            **named_below(titles[along], font_px=FONT_PX, gap_px=30),
            **(_epoch_ticks(curves) if along == "epoch" else {}),
        },
        "yAxis": {
            # From 90 to 95 % there is something to see; a loss of nothing is the aim, and so on the axis.
            "type": "value",
            "scale": measure == "accuracy",
            "axisLabel": percent_labels(FONT_PX, percent=measure == "accuracy"),
            **named_above(_("accuracy") if measure == "accuracy" else _("loss"), font_px=FONT_PX),
        },
        "series": [line for curve, name in zip(curves, names, strict=True) for line in _lines(curve, name, measure)],
    }
    return with_legend(options, names, wide_px=WIDE_PX)


def curves_height(curves: Sequence[Curve], measure: Measure) -> int:
    """Returns the height of `curves_options` in pixels: of the chart and its legend."""
    return HEIGHT_PX + legend_px([legend_name(curve, measure) for curve in curves])


def _lines(curve: Curve, name: str, measure: Measure) -> list[dict[str, Any]]:
    """Returns the series of a curve, the one that the legend shows first; a band lies under its lines."""
    factor, colour = 100 if measure == "accuracy" else 1, run_colour(curve.number)
    common: dict[str, Any] = {"name": name, "type": "line", "color": colour, "symbol": run_symbol(curve.number)}

    def points(values: Sequence[float], words: str) -> list[dict[str, Any]]:
        return [
            {"value": [round(place, 3), round(value * factor, 4)], "name": words.format(epoch=epoch)}
            for place, value, epoch in zip(curve.places, values, curve.epochs, strict=True)
        ]

    # A tooltip has a run's name as its title, and below it the point's with its height.
    encode = {"x": 0, "y": 1, "tooltip": [1]}
    validation = points(curve.validation, _("validation, epoch {epoch}"))
    for point, epoch in zip(validation, curve.epochs, strict=True):
        if epoch == curve.best_epoch:
            point |= {"symbolSize": 19, "itemStyle": {"borderColor": GREY, "borderWidth": 2}}
    band = [
        {
            **common,
            "symbol": "none",
            "silent": True,
            "z": 1,
            "stack": f"band {name}",
            "lineStyle": {"opacity": 0},
            "data": [[round(place, 3), round(value * factor, 4)] for place, value in zip(curve.places, values, strict=True)],
            **more,
        }
        for values, more in (
            (curve.low, {}),
            # ECharts fills what a stacked line adds to the one below it.
            ([high - low for low, high in zip(curve.low, curve.high, strict=True)], {"areaStyle": {"opacity": 0.22}}),
        )
        if curve.low
    ]
    return [
        {**common, "z": 3, "symbolSize": 11, "lineStyle": {"width": 4}, "encode": encode, "data": validation},
        {
            **common,
            "z": 2,
            "symbolSize": 6,
            "lineStyle": {"width": 1.6, "type": run_dash(curve.number)},
            "encode": encode,
            "data": points(curve.training, _("training, epoch {epoch}")),
        },
        *band,
    ]


def legend_name(curve: Curve, measure: Measure) -> str:
    """Returns what the legend calls a curve; several runs in one with their mean and spread in the last epoch that all have."""
    if not curve.sd:
        return curve.name
    return _("{run}: mean {value} in epoch {epoch}").format(
        run=curve.name, value=_value(curve, len(curve.epochs) - 1, measure), epoch=curve.epochs[-1]
    )


def _value(curve: Curve, place: int, measure: Measure, *, reach: bool = False) -> str:
    """Writes the validation of an epoch, of several runs as `80.0 % ± 10.0`, then their reach `(70.0–90.0)`."""
    factor, digits, unit = (100, 1, " %") if measure == "accuracy" else (1, 3, "")
    text = f"{curve.validation[place] * factor:.{digits}f}{unit}"
    if curve.sd:
        text += f" ± {curve.sd[place] * factor:.{digits}f}"
    if curve.low and reach:
        text += f" ({curve.low[place] * factor:.{digits}f}–{curve.high[place] * factor:.{digits}f})"
    return text


def curve_rows(curves: Sequence[Curve], measure: Measure) -> list[dict[str, str | int | float]]:
    """Returns curves as rows of a table, one an epoch: accuracies in percent, losses as they are; bands with their reach."""
    factor = 100 if measure == "accuracy" else 1
    return [
        {
            "run": curve.name,
            "epoch": epoch,
            "at": curve.places[place],
            "training": curve.training[place] * factor,
            "validation": curve.validation[place] * factor,
            **({"low": curve.low[place] * factor, "high": curve.high[place] * factor} if curve.low else {}),
        }
        for curve in curves
        for place, epoch in enumerate(curve.epochs)
    ]


def curves_sentence(curves: Sequence[Curve], measure: Measure) -> str:
    """Says in words where each curve ends, for those who cannot see the figure."""
    parts = []
    for curve in curves:
        if not curve.epochs:
            continue
        best = curve.best_epoch if curve.best_epoch in curve.epochs else curve.epochs[-1]
        parts.append(
            _("{run}: validation {measure} {value} in epoch {epoch} of {epochs}").format(
                run=curve.name,
                measure=_("accuracy") if measure == "accuracy" else _("loss"),
                value=_value(curve, curve.epochs.index(best), measure, reach=True),
                epoch=best,
                epochs=curve.epochs[-1],
            )
        )
    return "; ".join(parts) + "."


def _epoch_ticks(curves: Sequence[Curve]) -> dict[str, Any]:
    """Keeps ticks whole where there are few epochs."""
    last = max((curve.epochs[-1] for curve in curves if curve.epochs), default=1)
    ticks: dict[str, Any] = {"min": min(last - 1, 1), "max": max(last, 2), "minInterval": 1}
    return ticks | ({"interval": 1} if last <= MOST_SINGLE_TICKS else {})
