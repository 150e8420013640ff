"""One bar that says what takes the disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowerlab.charts.parts import bar_in_parts
from flowerlab.locale import _
from flowerlab.locale.numbers import size

# Okabe and Ito's colours, grey for the rest; every part is also named under the bar.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8a949b")
LIGHT = ("#E69F00", "#56B4E9", "#CC79A7")
# A part that is thinner than this share of the bar has no room for its name in it.
NAMED_SHARE = 0.14


def disk_options(parts: Sequence[tuple[str, int]], *, dark: bool) -> dict[str, Any]:
    """Returns the bar as ECharts options; parts are names and bytes, in their order."""
    total = sum(taken for _name, taken in parts) or 1
    gap = "#141a17" if dark else "#fdfcf8"
    series = []
    for place, (name, taken) in enumerate(parts):
        colour = COLOURS[place % len(COLOURS)]
        ink = "#000000" if colour in LIGHT else "#ffffff"
        series.append(
            {
                "name": f"{name}: {size(taken)}",
                "data": [taken],
                "itemStyle": {"color": colour, "borderColor": gap, "borderWidth": 1},
                "label": {"show": taken / total > NAMED_SHARE, "formatter": name, "fontSize": 14, "color": ink},
            }
        )
    return bar_in_parts(series)


def disk_sentence(parts: Sequence[tuple[str, int]]) -> str:
    """Says the bar in words."""
    return _("From left to right: {parts}.").format(parts=", ".join(f"{name} {size(taken)}" for name, taken in parts))
