"""A legend has the room that its names take."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from flowerlab.charts.legend import GAP_PX, LETTER_PX, LINE_PX, NAME_PX, SIGN_GAP_PX, legend_px, with_legend

NAMES = some.lists(some.text(min_size=1, max_size=80), min_size=1, max_size=6)
SIGN_PX, WIDE_PX = 34, 1000


def drawn(names: list[str]) -> dict[str, Any]:
    """Options of a chart with these names."""
    return with_legend({"grid": {"left": 8}}, names, wide_px=WIDE_PX, sign_px=SIGN_PX)


@given(NAMES)
def test_names_have_a_place_on_a_wide_page(names: list[str]) -> None:
    """Laid beside each other like ECharts does, the names end above the chart."""
    rows, left_px = 1, float(WIDE_PX)
    for place, name in enumerate(names):
        need_px = SIGN_PX + SIGN_GAP_PX + len(name) * LETTER_PX
        if place and need_px > left_px:
            rows, left_px = rows + 1, float(WIDE_PX)
        left_px -= need_px + GAP_PX
    options = drawn(names)
    assert options["legend"]["data"] == names
    assert options["grid"] == {"left": 8, "top": rows * (LINE_PX + GAP_PX) + NAME_PX}


@given(NAMES)
def test_a_narrow_page_has_more_room(names: list[str]) -> None:
    """There each name has a line or more, and a chart is told how high the legend is."""
    (narrow,) = drawn(names)["media"]
    assert narrow["query"] == {"maxWidth": WIDE_PX - 1}
    assert narrow["option"]["grid"]["top"] == legend_px(names, sign_px=SIGN_PX) + NAME_PX
    assert legend_px(names, sign_px=SIGN_PX) >= len(names) * LINE_PX
    text = narrow["option"]["legend"]["textStyle"]
    longest = max(len(name) for name in names)
    lines = (legend_px(names, sign_px=SIGN_PX) - len(names) * narrow["option"]["legend"]["itemGap"]) / LINE_PX
    assert lines >= longest * LETTER_PX / text["width"]
