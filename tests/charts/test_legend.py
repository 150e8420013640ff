"""A legend has the room that its names take."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.charts.class_lines import HEIGHT_PX, class_lines_height, class_lines_options
from flowerlab.charts.legend import (
    GAP_PX,
    LETTER_PX,
    LINE_PX,
    NAME_PX,
    NARROW_GAP_PX,
    NARROW_PX,
    SIGN_GAP_PX,
    legend_px,
    with_legend,
)

NAMES = some.lists(some.text(min_size=1, max_size=80), min_size=1, max_size=6)
SIGN_PX, WIDE_PX = 34, 1000


def drawn(names: list[str]) -> dict[str, Any]:
    """Options of a chart with these names."""
    return with_legend({"grid": {"left": 8}}, names, wide_px=WIDE_PX, sign_px=SIGN_PX)


def laid(names: list[str], width_px: int, gap_px: int) -> int:
    """Rows of names that are laid beside each other like ECharts does."""
    rows, left_px = 0, -1.0
    for name in names:
        need_px = SIGN_PX + SIGN_GAP_PX + len(name) * LETTER_PX
        if need_px > left_px:
            rows, left_px = rows + 1, width_px
        left_px -= need_px + gap_px
    return rows


@given(NAMES)
def test_names_have_a_place_above_the_chart(names: list[str]) -> None:
    """On a wide page beside each other; on a narrow one, too, unless one is longer than a row: then each has its lines."""
    options = drawn(names)
    assert options["legend"]["data"] == names
    assert options["grid"] == {"left": 8, "top": laid(names, WIDE_PX, GAP_PX) * (LINE_PX + GAP_PX) + NAME_PX}
    (narrow,) = options["media"]
    assert narrow["query"] == {"maxWidth": WIDE_PX - 1}
    text_px = NARROW_PX - SIGN_PX - SIGN_GAP_PX
    lines = [math.ceil(len(name) * LETTER_PX / text_px) for name in names]
    if max(lines) > 1:
        assert narrow["option"]["legend"]["textStyle"]["width"] == text_px
        wanted = sum(lines) * LINE_PX + len(names) * NARROW_GAP_PX
    else:
        assert "width" not in narrow["option"]["legend"]["textStyle"]
        wanted = laid(names, NARROW_PX, NARROW_GAP_PX) * (LINE_PX + NARROW_GAP_PX)
    assert legend_px(names, sign_px=SIGN_PX) == wanted
    assert narrow["option"]["grid"]["top"] == wanted + NAME_PX
    assert narrow["option"]["legend"]["itemGap"] == NARROW_GAP_PX


def test_short_names_share_a_row_and_long_ones_are_broken() -> None:
    """On a phone two short names stand in one row; one of two lines has two."""
    assert legend_px(["rose", "tulip"]) == LINE_PX + NARROW_GAP_PX
    assert legend_px(["VGG16 mini, head only #2 and 2 more seeds: mean"]) == 2 * LINE_PX + NARROW_GAP_PX


def test_of_many_classes_the_legend_scrolls() -> None:
    """Six classes are all told; twenty would leave no room for the chart."""
    few, many = (tuple(f"class {number}" for number in range(count)) for count in (6, 20))
    shares = np.full((3, 20), 0.5)
    options = class_lines_options(few, shares, epoch=2, axis="recall")
    assert "type" not in options["legend"]
    assert len(options["legend"]["data"]) == 6
    assert class_lines_height(few) == HEIGHT_PX + legend_px(options["legend"]["data"], sign_px=options["legend"]["itemWidth"])
    options = class_lines_options(many, shares, epoch=2, axis="recall")
    assert options["legend"]["type"] == "scroll"
    assert "media" not in options
    assert class_lines_height(many) == HEIGHT_PX + options["grid"]["top"]
