"""The live curves of one run, as ECharts options: updated in place every second."""

from __future__ import annotations

from typing import Any

from flowerlab.charts.curves import Measure
from flowerlab.charts.parts import GREY, named_below, percent_labels
from flowerlab.locale import _
from flowerlab.runs.history import History

MEASURES: tuple[Measure, ...] = ("accuracy", "loss")
FONT_PX = 14
# Tops of the loss axis: it changes in few steps, so that the curve does not wobble while it grows.
LOSS_TOPS = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


def live_options(history: History, measure: Measure, *, colour: str, epochs: int) -> dict[str, Any]:
    """Returns one chart: validation solid and thick, training thin and dashed, the running epoch's batches as a fine line.

    Args:
        measure: Accuracy is drawn in percent.
        colour: Of the run, #rrggbb.
        epochs: How many the recipe asks for: the width of the chart from the first moment on, so that nothing jumps.
    """
    factor = 100 if measure == "accuracy" else 1
    batches = max(1, history.start.batches) if history.start else 1
    done = [history.epochs[number] for number in sorted(history.epochs)]
    validated = [[epoch.epoch + 1, factor * getattr(epoch, f"val_{measure}")] for epoch in done]
    trained = [[epoch.epoch + 1, factor * getattr(epoch, measure)] for epoch in done]
    inside = [[batch.epoch + batch.batch / batches, factor * getattr(batch, measure)] for batch in history.batches]
    best = history.best_epoch
    return {
        "animation": False,
        "title": {"text": _title(measure), "left": 0, "top": 4, "textStyle": {"fontSize": FONT_PX + 2}},
        "tooltip": {"trigger": "axis", "valueFormatter": "%.1f %%" if measure == "accuracy" else "%.3f"},
        "legend": {"left": 0, "top": 30, "textStyle": {"fontSize": FONT_PX}, "itemGap": 14},
        "grid": {"left": 8, "right": 20, "top": 70, "bottom": 30, "containLabel": True},
        "xAxis": _epoch_axis(epochs),
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": 100 if measure == "accuracy" else _loss_top(history),
            "axisLabel": percent_labels(FONT_PX, percent=measure == "accuracy"),
        },
        "series": [
            {
                "name": _("validation"),
                "type": "line",
                "data": validated,
                "symbol": "circle",
                "symbolSize": 9,
                "color": colour,
                "lineStyle": {"width": 4},
                "markPoint": _best_mark(best, validated, colour, below=measure == "accuracy"),
            },
            {
                "name": _("training"),
                "type": "line",
                "data": trained,
                "symbol": "triangle",
                "symbolSize": 7,
                "color": colour,
                "lineStyle": {"width": 1.5, "type": "dashed"},
            },
            {
                "name": _("this epoch so far"),
                "type": "line",
                "data": inside,
                "symbol": "circle",
                "symbolSize": 4,
                "color": GREY,
                "lineStyle": {"width": 1.5, "type": "solid"},
            },
        ],
    }


def live_sentence(history: History, measure: Measure) -> str:
    """Says in words how far the curve is, for those who cannot see it."""
    title = _title(measure)
    if not history.epochs:
        return _("{measure}: no epoch is whole yet.").format(measure=title)
    last = history.epochs[max(history.epochs)]
    own, validation = getattr(last, measure), getattr(last, f"val_{measure}")
    form = "{:.1%}" if measure == "accuracy" else "{:.2f}"
    text = _("{measure} after {count} epochs: training {own}, validation {validation}; the best epoch is {best}.")
    return text.format(
        measure=title,
        count=len(history.epochs),
        own=form.format(own),
        validation=form.format(validation),
        best=(history.best_epoch or 0) + 1,
    )


def _title(measure: Measure) -> str:
    return _("Accuracy") if measure == "accuracy" else _("Loss")


def _epoch_axis(epochs: int) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "type": "value",
        "min": 0,
        "max": epochs,
        "minInterval": 1,
        "axisLabel": {"fontSize": FONT_PX},
        **named_below(_("epoch"), font_px=FONT_PX),
    }
    return axis | ({"interval": 1} if epochs <= 12 else {})


def _loss_top(history: History) -> float:
    """The smallest of the fixed tops over all whole epochs and the newest batch; a spike before it is cut off."""
    seen = [loss for epoch in history.epochs.values() for loss in (epoch.loss, epoch.val_loss)]
    seen += [history.batches[-1].loss] if history.batches else []
    highest = max(seen, default=0.0)
    return next((top for top in LOSS_TOPS if top >= highest), LOSS_TOPS[-1])


def _best_mark(best: int | None, validated: list[list[float]], colour: str, *, below: bool) -> dict[str, Any]:
    """A ring around the epoch whose weights are kept; its word stands on the side where the axis has room."""
    point = next((point for point in validated if best is not None and point[0] == best + 1), None)
    return {
        "symbol": "circle",
        "symbolSize": 20,
        "itemStyle": {"color": "transparent", "borderColor": colour, "borderWidth": 2.5},
        "label": {
            "formatter": _("best"),
            "position": "bottom" if below else "top",
            "color": colour,
            "fontSize": FONT_PX,
            "fontWeight": "bold",
        },
        "data": [] if point is None else [{"name": _("best epoch"), "coord": point}],
    }
