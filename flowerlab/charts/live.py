"""The live curves of one run, as ECharts options: updated in place every second."""

from __future__ import annotations

from typing import Any

from flowerlab.history import History

LABELS = {"loss": ("loss", "val_loss"), "accuracy": ("accuracy", "val_accuracy")}


def live_options(history: History, measure: str, *, colour: str, epochs: int) -> dict[str, Any]:
    """Returns one chart: validation solid and thick, training thin, and the running epoch's batches as a fine line.

    Args:
        history: What the run has said so far.
        measure: `loss` or `accuracy`.
        colour: Of the run, #rrggbb.
        epochs: Width of the chart; fixed, so that nothing jumps.
    """
    own, validation = LABELS[measure]
    done = sorted(history.epochs)
    batches = history.start.batches if history.start else 1
    training = [[number + 1, getattr(history.epochs[number], own)] for number in done]
    validated = [[number + 1, getattr(history.epochs[number], validation)] for number in done]
    inside = [[batch.epoch + batch.batch / batches, getattr(batch, measure)] for batch in history.batches]
    best = history.best_epoch
    axis: dict[str, Any] = {"type": "value", "name": measure, "scale": measure == "loss"}
    if measure == "accuracy":
        axis |= {"min": 0, "max": 1}
    marks = (
        [] if best is None else [{"name": "best epoch", "coord": [best + 1, getattr(history.epochs[best], validation)]}]
    )
    return {
        "animation": False,
        "tooltip": {"trigger": "axis"},
        "legend": {"top": 0},
        "grid": {"left": 48, "right": 16, "top": 48, "bottom": 40},
        "xAxis": {"type": "value", "name": "epoch", "nameLocation": "middle", "nameGap": 24, "min": 0, "max": epochs},
        "yAxis": axis,
        "series": [
            {
                "name": f"validation {measure}", "type": "line", "data": validated, "symbol": "circle", "symbolSize": 9,
                "color": colour, "lineStyle": {"width": 4},
                "markPoint": {"data": marks, "symbol": "pin", "symbolSize": 38, "label": {"formatter": "best"}},
            },
            {
                "name": f"training {measure}", "type": "line", "data": training, "symbol": "emptyTriangle", "symbolSize": 7,
                "color": colour, "lineStyle": {"width": 1.5, "type": "dashed"},
            },
            {
                "name": "this epoch, batch by batch", "type": "line", "data": inside, "showSymbol": False, "color": "#888888",
                "lineStyle": {"width": 1.5, "type": "dotted"},
            },
        ],
    }  # fmt: skip


def live_sentence(history: History, measure: str) -> str:
    """Returns the same as a sentence, for those who do not see the chart."""
    if not history.epochs:
        return f"The {measure} of this run; no epoch is whole yet."
    last = history.epochs[max(history.epochs)]
    own, validation = LABELS[measure]
    return (
        f"After {len(history.epochs)} epochs the training {measure} is {getattr(last, own):.2f} "
        f"and the validation {measure} {getattr(last, validation):.2f}."
    )
