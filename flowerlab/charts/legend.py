"""A legend above a chart that shows every name whole, in as many rows as that takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

FONT_PX = 15
LINE_PX, SIGN_GAP_PX = 22, 5
# Between two names: ECharts takes one for beside and below each other.
GAP_PX, NARROW_GAP_PX = 14, 8
# Below the legend the vertical axis has its name.
NAME_PX = 40
# Of a letter in the mean: a little more than the theme's font has, since a name too many in a row would lie over the chart.
LETTER_PX = 0.54 * FONT_PX
# A chart on a phone.
NARROW_PX = 330


def with_legend(options: dict[str, Any], names: Sequence[str], *, wide_px: int, sign_px: int = 34) -> dict[str, Any]:
    """Returns options with a legend and room for it above the chart, more of it where the page is narrow.

    ECharts wraps a legend but moves nothing out of its way, and one that scrolls hides names from those who only look.

    Args:
        options: Of ECharts, with one `grid`.
        names: Of the series, in the legend's order.
        wide_px: What the chart has on a wide page; on a narrower one it is taken to have as much as on a phone.
        sign_px: Width of a sign.
    """
    text = {"fontSize": FONT_PX, "lineHeight": LINE_PX}
    legend = {"left": 0, "top": 0, "itemGap": GAP_PX, "itemWidth": sign_px, "data": list(names), "textStyle": text}
    text_px = NARROW_PX - sign_px - SIGN_GAP_PX
    # A name that is given a width takes it, so that names which could stand in one row would not.
    broken = {"width": text_px, "overflow": "break"} if _longest_px(names) > text_px else {}
    narrow = {
        "legend": {"textStyle": text | broken, "itemGap": NARROW_GAP_PX},
        "grid": {"top": legend_px(names, sign_px=sign_px) + NAME_PX},
    }
    return options | {
        "legend": legend,
        "grid": options["grid"] | {"top": _rows(names, wide_px, sign_px, GAP_PX) * (LINE_PX + GAP_PX) + NAME_PX},
        "media": [{"query": {"maxWidth": wide_px - 1}, "option": narrow}],
    }


def legend_px(names: Sequence[str], *, sign_px: int = 34) -> int:
    """Returns the height of a legend on a narrow page, which a chart must be higher for."""
    text_px = NARROW_PX - sign_px - SIGN_GAP_PX
    if _longest_px(names) <= text_px:
        return _rows(names, NARROW_PX, sign_px, NARROW_GAP_PX) * (LINE_PX + NARROW_GAP_PX)
    lines = sum(math.ceil(len(name) * LETTER_PX / text_px) for name in names)
    return lines * LINE_PX + len(names) * NARROW_GAP_PX


def _longest_px(names: Sequence[str]) -> float:
    return max((len(name) * LETTER_PX for name in names), default=0.0)


def _rows(names: Sequence[str], width_px: int, sign_px: int, gap_px: int) -> int:
    """Rows of names that stand beside each other as far as there is room."""
    rows, left_px = 0, 0.0
    for name in names:
        need_px = sign_px + SIGN_GAP_PX + len(name) * LETTER_PX
        if rows == 0 or need_px > left_px:
            rows, left_px = rows + 1, float(width_px)
        left_px -= need_px + gap_px
    return rows
