"""What accuracy costs: test accuracy against time or size, one point a run or a recipe with several seeds. ECharts options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flowerlab.charts.colours import run_colour
from flowerlab.charts.legend import FONT_PX, legend_px, with_legend
from flowerlab.charts.parts import GREY, named_above, named_below, percent_labels
from flowerlab.charts.symbols import run_symbol
from flowerlab.locale import _
from flowerlab.locale.numbers import duration

# Of the chart below its legend, what it has beside it on a wide page, and of a sign in the legend.
HEIGHT_PX, WIDE_PX, SIGN_PX = 330, 520, 16
GRID_LINE = "rgba(128,140,150,0.3)"
Cost = Literal["seconds", "parameters"]
# From so many times on, the axis is logarithmic.
DECADE = 10
# On an axis of more decades there is room for their beginnings alone.
MOST_DECADES = 2


@dataclass(frozen=True)
class Point:
    """A run that was tested, or several that differ in the seed alone.

    Args:
        number: Of the run; decides colour and marker.
        cost: Seconds of the run, or how many parameters trained; above 0.
        accuracy: Of the test, 0..1.
        low, high: Its 95 % interval; of several seeds the lowest and the highest accuracy.
        seeds: How many runs it stands for; more than one: cost and accuracy are their means.
        note: What else is to be said of it.
    """

    name: str
    number: int
    cost: float
    accuracy: float
    low: float
    high: float
    seeds: int = 1
    note: str = ""

    @property
    def words(self) -> str:
        """Its accuracy with what its bar is: `85.1 % (mean of 3 seeds, 84.0–86.4)`."""
        text = f"{self.accuracy * 100:.1f} %"
        reach = f"{self.low * 100:.1f}–{self.high * 100:.1f}"
        if self.seeds > 1:
            text += " " + _("(mean of {count} seeds, {reach})").format(count=self.seeds, reach=reach)
        else:
            text += f" ({reach})"
        return text


def costs_options(points: Sequence[Point], cost: Cost) -> dict[str, Any]:
    """Draws test accuracy in percent with its interval against a cost; logarithmic where the costs span more than a decade."""
    costs = [point.cost for point in points]
    series = [one for point in points for one in (_mark(point, cost), _bar(point))]
    axis: dict[str, Any] = {
        **named_below(_("time of the run (s)") if cost == "seconds" else _("trainable parameters"), font_px=FONT_PX, gap_px=30),
        "axisLabel": {"fontSize": FONT_PX, "hideOverlap": True},
    }
    if is_wide(costs):
        ticks = log_ticks(costs)
        # ECharts labels an axis of decades with their beginnings alone: upright lines with words stand for it.
        axis |= {"type": "log", "min": min(ticks), "max": max(ticks), "axisLabel": {"show": False}, "splitLine": {"show": False}}
        series[0]["markLine"] = _upright(ticks)
    else:
        room = 0.12 * (max(costs) - min(costs)) or 0.2 * max(costs)
        axis |= {"type": "value", "min": max(0.0, min(costs) - room), "max": max(costs) + room, "splitNumber": 4}
        # The ends of the axis are where they are for the room, and no round numbers.
        axis["axisLabel"] |= {"showMinLabel": False, "showMaxLabel": False}
    options: dict[str, Any] = {
        "animation": False,
        "tooltip": {"trigger": "item", "confine": True},
        # The words of the upright lines are no labels of the axis, for which ECharts would make room.
        "grid": {"left": 8, "right": 24, "bottom": 54 if is_wide(costs) else 30, "containLabel": True},
        "xAxis": axis,
        "yAxis": {
            "type": "value",
            "scale": True,
            "axisLabel": percent_labels(FONT_PX),
            **named_above(_("test accuracy"), font_px=FONT_PX),
        },
        "series": series,
    }
    options = with_legend(options, [point.name for point in points], wide_px=WIDE_PX, sign_px=SIGN_PX)
    options["legend"]["itemHeight"] = SIGN_PX
    return options


def costs_height(points: Sequence[Point]) -> int:
    """Returns the height of `costs_options` in pixels: of the chart and its legend."""
    return HEIGHT_PX + legend_px([point.name for point in points], sign_px=SIGN_PX)


def _mark(point: Point, cost: Cost) -> dict[str, Any]:
    """The point itself. The name in its tooltip comes from the series, which ECharts escapes."""
    lines = [point.words, cost_words(point.cost, cost), point.note]
    return {
        "name": point.name,
        "type": "scatter",
        "color": run_colour(point.number),
        "symbol": run_symbol(point.number),
        "symbolSize": 17,
        "z": 3,
        "data": [[point.cost, round(100 * point.accuracy, 4)]],
        "tooltip": {"formatter": "<br>".join(["{a}", *filter(None, lines)])},
    }


def _bar(point: Point) -> dict[str, Any]:
    """The line through a point, with an end at either side."""
    return {
        "name": point.name,
        "type": "line",
        "color": run_colour(point.number),
        "lineStyle": {"width": 2.5},
        "silent": True,
        "symbol": "rect",
        "symbolSize": [16, 2.5],
        "z": 2,
        "data": [[point.cost, round(100 * end, 4)] for end in (point.low, point.high)],
    }


def _upright(ticks: Sequence[float]) -> dict[str, Any]:
    return {
        "silent": True,
        "symbol": "none",
        "z": 0,
        "lineStyle": {"type": "solid", "width": 1, "color": GRID_LINE},
        "label": {"position": "start", "distance": 8, "fontSize": FONT_PX, "color": GREY},
        "data": [{"xAxis": tick, "label": {"formatter": _short(tick)}} for tick in ticks],
    }


def log_ticks(costs: Sequence[float]) -> list[float]:
    """Returns ticks of a logarithmic axis: at 1, 2 and 5 of each decade, over many decades at their beginnings; one on either side."""
    first, last = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    steps = (1, 2, 5) if last - first <= MOST_DECADES else (1,)
    values = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    # A cost that stands on a tick is not to lose it to rounding.
    begin = max((value for value in values if value <= min(costs) * (1 + 1e-9)), default=values[0])
    end = min((value for value in values if value >= max(costs) * (1 - 1e-9)), default=values[-1])
    return [value for value in values if begin <= value <= end]


def _short(value: float) -> str:
    """Writes a tick as `0.5`, `200`, `20 k` or `5 M`."""
    for size, sign in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"


def is_wide(costs: Sequence[float]) -> bool:
    """Whether costs, each above 0, span more than a decade."""
    return max(costs) > DECADE * min(costs)


def costs_sentence(points: Sequence[Point], cost: Cost) -> str:
    """Says the points in words, the cheapest first."""
    ordered = sorted(points, key=lambda point: point.cost)
    return "; ".join(
        ", ".join(filter(None, [f"{point.name}: {point.words}", cost_words(point.cost, cost), point.note])) for point in ordered
    )


def cost_words(value: float, cost: Cost) -> str:
    """Writes a cost with its unit."""
    return duration(value) if cost == "seconds" else _("{count} parameters").format(count=f"{round(value):,}")
