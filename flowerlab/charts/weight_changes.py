"""How far training moved each layer of several runs, as ECharts options."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowerlab.charts.colours import run_colour
from flowerlab.charts.parts import GREY, named_above, percent_labels
from flowerlab.locale import _

FONT_PX = 14
SYMBOLS = ("circle", "rect", "triangle", "diamond", "pin", "arrow")
FROZEN_SIGN = "❄"
# Seen on a light and on a dark page.
SHADE = "rgba(128,140,150,0.35)"


@dataclass(frozen=True)
class Moves:
    """How far a run moved its layers.

    Args:
        number: Of the run; decides its colour.
        changes: Layer → relative change, in the network's order; frozen layers are not there.
    """

    name: str
    number: int
    changes: Mapping[str, float]


def changes_options(moves: Sequence[Moves], *, frozen: int) -> dict[str, Any]:
    """Draws one line a run over the layers, in percent on a logarithmic axis.

    Args:
        moves: Of the runs, whose layers that learn are the same.
        frozen: How many layers with weights stand before them and did not learn: all together are one place on the axis, where nothing
            moved.
    """
    layers = list(moves[0].changes)
    labels = [f"{FROZEN_SIGN} {frozen}", *layers] if frozen else layers
    floor = _floor(moves)
    series: list[dict[str, Any]] = [
        {
            "name": move.name,
            "type": "line",
            "data": [*([None] if frozen else []), *(max(100 * move.changes[layer], floor) for layer in layers)],
            "symbol": SYMBOLS[place % len(SYMBOLS)],
            "symbolSize": 12,
            "color": run_colour(move.number),
            "lineStyle": {"width": 3, "type": "solid" if place % 2 == 0 else "dashed"},
        }
        for place, move in enumerate(moves)
    ]
    if frozen:
        series.append(_frozen_place(len(layers)))
    return {
        "animation": False,
        "tooltip": {"trigger": "axis", "valueFormatter": "%.2f %%"},
        "legend": {"data": [move.name for move in moves], "left": 0, "top": 0, "textStyle": {"fontSize": FONT_PX}, "itemGap": 14},
        "grid": {"left": 8, "right": 20, "top": 136, "bottom": 8, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": labels,
            "boundaryGap": True,
            "axisLabel": {"fontSize": FONT_PX - 1, "rotate": 40, "interval": 0 if len(labels) <= 16 else "auto"},
        },
        "yAxis": [
            {
                "type": "log",
                "min": floor,
                "axisLabel": percent_labels(FONT_PX),
                **named_above(_("moved by (% of its length)"), font_px=FONT_PX, gap_px=15),
            },
            {"type": "value", "min": 0, "max": 1, "show": False},
        ],
        "series": series,
    }


def _frozen_place(learnt: int) -> dict[str, Any]:
    """Shades the whole place of the frozen layers: a marked area from a category to itself has no width.

    Its bar has an axis of its own, from 0 to 1: on a logarithmic one there is no 0 from which it could rise.
    """
    return {
        "name": _("frozen"),
        "type": "bar",
        "silent": True,
        "yAxisIndex": 1,
        "barWidth": "90%",
        "tooltip": {"show": False},
        "itemStyle": {"color": SHADE, "borderColor": GREY, "borderType": "dashed"},
        "label": {"show": True, "position": "inside", "fontSize": FONT_PX, "color": GREY, "formatter": _("0 %")},
        "data": [1, *([None] * learnt)],
        "z": 0,
    }


def _floor(moves: Sequence[Moves]) -> float:
    """The power of ten below the smallest change, in percent: a logarithmic axis has no 0."""
    smallest = min((change for move in moves for change in move.changes.values() if change > 0), default=0.01)
    return float(10.0 ** math.floor(math.log10(100 * smallest)))


def changes_sentence(moves: Sequence[Moves], *, frozen: int) -> str:
    """Says in words which layer each run moved most and least."""
    parts = []
    for move in moves:
        least, most = (choose(move.changes, key=lambda layer: move.changes[layer]) for choose in (min, max))
        parts.append(
            _("{run}: from {low:.2f} % ({least}) to {high:.2f} % ({most})").format(
                run=move.name, low=100 * move.changes[least], least=least, high=100 * move.changes[most], most=most
            )
        )
    text = "; ".join(parts) + "."
    return text if not frozen else text + " " + _("The {count} frozen layers before them did not move: 0 %.").format(count=frozen)
