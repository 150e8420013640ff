"""A table of classes by classes as a heatmap whose cells can be clicked. ECharts options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.confusion import Cell
from flowerlab.locale import _

# Words longer than this would leave no room for the cells where three matrices stand side by side.
LONGEST_LABEL = 12
# Above this many classes a number no longer fits into its cell; it still stands on hover and in the table.
MOST_CLASSES_WITH_NUMBERS = 12
# Of more classes than this only every second, third … name is written; all stand on hover.
MOST_NAMES = 14
HEIGHT_PX = 380
INK = {"light": "#1e241f", "dark": "#edf2ee"}
PAGE = {"light": "#fdfcf8", "dark": "#141a17"}


@dataclass(frozen=True)
class Scale:
    """What colour a value has.

    Args:
        low, high: Values with the first and the last colour.
        colours: As #rrggbb, equally far from one another.
    """

    low: float
    high: float
    colours: tuple[str, ...]

    def colour(self, value: float) -> tuple[float, float, float]:
        """Returns a value's colour as ECharts mixes it: red, green and blue, each 0..1."""
        place = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low) * (len(self.colours) - 1)
        begin = min(int(place), len(self.colours) - 2)
        first, second = (_rgb(colour) for colour in self.colours[begin : begin + 2])
        mixed = first + (second - first) * (place - begin)
        return float(mixed[0]), float(mixed[1]), float(mixed[2])


def heatmap_options(
    values: NDArray[np.float64],
    texts: Sequence[Sequence[str]],
    hovers: Sequence[Sequence[str]],
    classes: Sequence[str],
    *,
    scale: Scale,
    dark: bool,
    opened: Cell | None,
    opens: bool = True,
) -> dict[str, Any]:
    """Draws a table of classes by classes.

    The series' data are in reading order: index // classes is the row, index % classes the column.

    Args:
        values: float64, (classes, classes), rows are the truth; NaN is drawn as nothing of anything.
        texts: What is written in each cell.
        hovers: What each cell says on hover.
        classes: Names in label order.
        scale: Shared by all tables that stand beside this one.
        opened: The cell that is framed.
        opens: Whether a click on a cell leads to its photos.
    """
    theme = "dark" if dark else "light"
    count = len(classes)
    numbered = count <= MOST_CLASSES_WITH_NUMBERS
    gap = {"borderColor": PAGE[theme], "borderWidth": 2 if count <= MOST_NAMES else 0.5}
    data = []
    for place, value in enumerate(np.nan_to_num(values).ravel().tolist()):
        row, column = divmod(place, count)
        # ECharts selects by name, and cells of one column have the column's unless they are given one.
        item: dict[str, Any] = {"name": str(place), "value": [column, row, round(value, 3), hovers[row][column]]}
        if numbered:
            item["label"] = {"formatter": texts[row][column], "color": ink_on(scale.colour(value))}
        if opened == (row, column):
            # If ECharts has it selected, too, then it is drawn above the frame.
            item["select"] = {"itemStyle": {"borderColor": INK[theme], "borderWidth": 4}}
        data.append(item)
    large = count <= 6
    axis: dict[str, Any] = {
        "type": "category",
        "data": [_shortened(name) for name in classes],
        "axisTick": {"show": False},
        "axisLine": {"show": False},
        "splitLine": {"show": False},
    }
    label = {"interval": -(-count // MOST_NAMES) - 1, "fontSize": 14 if large else 11}
    name: dict[str, Any] = {"type": "text", "silent": True}
    # ECharts sets an axis's name so far from the axis as it is set, whatever the words there need: these have a strip of
    # their own.
    names = [
        {**name, "left": "center", "bottom": 2, "style": {"text": _("answer"), "fill": INK[theme], "fontSize": 15}},
        {
            **name,
            "left": 8,
            "top": "middle",
            "rotation": math.pi / 2,
            "style": {"text": _("truth"), "fill": INK[theme], "fontSize": 15},
        },
    ]
    return {
        "animation": False,
        "grid": {"left": 30, "right": 6, "top": 6, "bottom": 28, "containLabel": True},
        "xAxis": {**axis, "axisLabel": {**label, "rotate": 40}},
        "yAxis": {**axis, "axisLabel": label, "inverse": True},
        "graphic": names,
        "tooltip": {"formatter": "{@[3]}", "confine": True},
        "visualMap": {
            "show": False,
            "dimension": 2,
            "min": scale.low,
            "max": scale.high,
            "inRange": {"color": list(scale.colours)},
        },
        "series": [
            {
                "type": "heatmap",
                "selectedMode": "single" if opens else False,
                "data": data,
                "label": {"show": numbered, "fontSize": 17 if large else 11},
                "itemStyle": gap,
                "emphasis": {"itemStyle": {"borderColor": INK[theme], "borderWidth": 3}},
                # Which cell is open may also be chosen in a table or another matrix: the frame below says so, not ECharts.
                "select": {"itemStyle": gap},
            },
            {"type": "heatmap", "silent": True, "z": 3, "data": [] if opened is None else [_frame(opened, INK[theme])]},
        ],
    }


def _frame(cell: Cell, colour: str) -> dict[str, Any]:
    """Returns a cell of a series above the others: in their own series its neighbours would cover half of its border."""
    style = {"color": "transparent", "borderColor": colour, "borderWidth": 4}
    return {"value": [cell.answer, cell.truth, 0], "visualMap": False, "itemStyle": style}


def cell_at(index: int, classes: int) -> Cell:
    """Returns the cell of an index into the series' data."""
    return Cell(*divmod(index, classes))


def ink_on(colour: tuple[float, float, float]) -> str:
    """Returns black or white, whichever is read better on a colour (red, green, blue, each 0..1): 4.5 : 1 or more."""
    # Where both have the same contrast: (1 + 0.05) / (L + 0.05) = (L + 0.05) / 0.05, in WCAG 2's relative luminance.
    return "#000000" if luminance(colour) > 0.179 else "#ffffff"


def luminance(colour: tuple[float, float, float]) -> float:
    """Returns the relative luminance of a colour as WCAG 2 defines it, 0..1."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
