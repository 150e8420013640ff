"""What accuracy costs: test accuracy against time or size, one point a run or a recipe with several seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from flowerlab.charts.colours import run_colour
from flowerlab.charts.curves import FONT_PX, MARKERS, axis_fonts, shown_name
from flowerlab.figures import duration
from flowerlab.locale import _

if TYPE_CHECKING:
    import plotly.graph_objects as go

Cost = Literal["seconds", "parameters"]
# From so many times on, the axis is logarithmic.
DECADE = 10
# On an axis of more decades there is room for their beginnings alone.
MOST_DECADES = 2


@dataclass(frozen=True)
class Point:
    """A run that was tested, or several that differ in the seed alone.

    Args:
        name: Of the run.
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
        told = f"{self.accuracy * 100:.1f} %"
        reach = f"{self.low * 100:.1f}–{self.high * 100:.1f}"
        if self.seeds > 1:
            told += " " + _("(mean of {count} seeds, {reach})").format(count=self.seeds, reach=reach)
        else:
            told += f" ({reach})"
        return told


def costs_figure(points: Sequence[Point], cost: Cost) -> go.Figure:
    """Draws test accuracy in percent with its interval against a cost; logarithmic where the costs span more than a decade.

    Args:
        points: One a run.
        cost: What it cost.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for point in points:
        colour = run_colour(point.number)
        figure.add_scatter(
            x=[point.cost],
            y=[point.accuracy * 100],
            error_y={
                "type": "data", "symmetric": False, "array": [(point.high - point.accuracy) * 100],
                "arrayminus": [(point.accuracy - point.low) * 100], "color": colour, "thickness": 2.5, "width": 8,
            },
            name=shown_name(point.name),
            mode="markers",
            marker={"color": colour, "symbol": MARKERS[point.number % len(MARKERS)], "size": 15},
            hovertemplate="<br>".join(filter(None, [point.words, cost_words(point.cost, cost), point.note])),
        )  # fmt: skip
    costs = [point.cost for point in points]
    title = _("time of the run (s)") if cost == "seconds" else _("trainable parameters")
    if is_wide(costs):
        figure.update_xaxes(type="log", **_log_ticks(costs))
    else:
        room = 0.12 * (max(costs) - min(costs)) or 0.2 * max(costs)
        figure.update_xaxes(range=[max(0.0, min(costs) - room), max(costs) + room], nticks=5)
    figure.update_xaxes(title=title, fixedrange=True, **axis_fonts())
    figure.update_yaxes(title=_("test accuracy (%)"), fixedrange=True, **axis_fonts())
    figure.update_layout(
        height=400,
        margin={"l": 8, "r": 16, "t": 8, "b": 8},
        font={"size": FONT_PX},
        showlegend=True,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "font": {"size": FONT_PX}},
        dragmode=False,
        hovermode="closest",
    )
    return figure


def _log_ticks(costs: Sequence[float]) -> dict[str, list[Any]]:
    """Ticks at 1, 2 and 5 of each decade, written in short: Plotly's own leave most of them without a word."""
    first, last = math.floor(math.log10(min(costs))), math.ceil(math.log10(max(costs)))
    steps = (1, 2, 5) if last - first <= MOST_DECADES else (1,)
    values = [step * 10.0**power for power in range(first, last + 1) for step in steps]
    return {"tickvals": values, "ticktext": [_short(value) for value in values]}


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
        ", ".join(filter(None, [f"{point.name}: {point.words}", cost_words(point.cost, cost), point.note]))
        for point in ordered
    )


def cost_words(value: float, cost: Cost) -> str:
    """Writes a cost with its unit."""
    return duration(value) if cost == "seconds" else _("{count} parameters").format(count=f"{round(value):,}")
