"""Parts that charts share: names of axes, bars of classes, one bar in parts. ECharts options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowerlab.charts.colours import class_colour, class_glyph

# Seen on a light and on a dark page.
GREY = "#8a8f8c"


def named_below(name: str, *, font_px: int, gap_px: int = 28) -> dict[str, Any]:
    """Names a horizontal axis in its middle, so far below it."""
    return {"name": name, "nameLocation": "middle", "nameGap": gap_px, "nameTextStyle": {"fontSize": font_px}}


def named_above(name: str, *, font_px: int, gap_px: int = 12) -> dict[str, Any]:
    """Names a vertical axis above its upper end."""
    return {"name": name, "nameLocation": "end", "nameGap": gap_px, "nameTextStyle": {"fontSize": font_px, "align": "left"}}


def percent_labels(font_px: int, *, percent: bool = True) -> dict[str, Any]:
    """Labels an axis with its values, in percent or as they are."""
    return {"fontSize": font_px, "formatter": "{value} %" if percent else "{value}"}


def class_bars(
    classes: Sequence[str], shown: Sequence[int], values: Sequence[float], texts: Sequence[str], *, font_px: int, bar_px: int
) -> dict[str, Any]:
    """Draws classes as horizontal bars in their colours, the first one on top.

    Args:
        classes: Names in label order.
        shown: Labels of the classes that have a bar.
        values, texts: Of each class, in label order; the text stands at the end of its bar.
    """
    bars = [
        {"value": values[label], "itemStyle": {"color": class_colour(label)}, "label": {"formatter": texts[label]}}
        for label in shown
    ]
    return {
        "animation": False,
        "xAxis": {"type": "value", "show": False},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [f"{class_glyph(label)} {classes[label]}" for label in shown],
            "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": {"fontSize": font_px},
        },
        "series": [
            {"type": "bar", "data": bars, "barMaxWidth": bar_px, "label": {"show": True, "position": "right", "fontSize": font_px}}
        ],
    }


def bar_in_parts(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Draws one bar over the whole width.

    Args:
        parts: A series each, with `name`, `data` (one number), `itemStyle` and `label`.
    """
    stacked = [{"type": "bar", "stack": "parts", "barWidth": "100%", **part} for part in parts]
    return {
        "animation": False,
        "tooltip": {"trigger": "item", "formatter": "{a}"},
        "grid": {"left": 0, "right": 0, "top": 2, "bottom": 2},
        "xAxis": {"type": "value", "show": False, "max": sum(part["data"][0] for part in parts) or 1},
        "yAxis": {"type": "category", "show": False, "data": [""]},
        "series": stacked,
    }
