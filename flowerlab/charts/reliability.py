"""The reliability diagram: how often answers of each confidence are right, and how many there are. ECharts options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowerlab.charts.parts import GREY, named_above, named_below, percent_labels
from flowerlab.evaluation.calibration import Bin, widest_gap
from flowerlab.locale import _

FONT_PX = 14
HEIGHT_PX = 518
# Of Okabe and Ito, like all our colours; here they are neither runs nor classes.
BEFORE, AFTER = "#0072b2", "#e69f00"


def reliability_options(before: Sequence[Bin], after: Sequence[Bin] | None, *, opened: int | None = None) -> dict[str, Any]:
    """Draws accuracy over confidence above, photos in each stretch below.

    The points and bars of the answers as they are can be clicked; they are the first two series, see `clickable`.

    Args:
        before: The bins of the answers as they are.
        after: The same number of bins of the answers with a temperature; None if there is none.
        opened: The stretch whose photos are shown.
    """
    kinds: list[tuple[str, Sequence[Bin], str, str, str]] = [(_("as answered"), before, BEFORE, "circle", "solid")]
    if after is not None:
        kinds.append((_("with the temperature"), after, AFTER, "triangle", "dashed"))
    series: list[dict[str, Any]] = []
    for name, bins, colour, symbol, dash in kinds:
        # The bars of the answers with the temperature count other photos.
        mode = "single" if bins is before else False
        series.append(
            {
                "name": name,
                "type": "line",
                "selectedMode": mode,
                "symbol": symbol,
                "symbolSize": 11,
                "color": colour,
                "lineStyle": {"width": 3, "type": dash},
                "data": [[round(100 * one.confidence, 1), round(100 * one.accuracy, 1)] for one in bins if one.photos],
            }
        )
        series.append(
            {
                "name": name,
                "type": "bar",
                "selectedMode": mode,
                "select": {"itemStyle": {"borderWidth": 0}},
                "xAxisIndex": 1,
                "yAxisIndex": 1,
                "color": colour,
                "barGap": "0%",
                "barCategoryGap": "20%",
                "data": [_bar(one, place == opened and bins is before) for place, one in enumerate(bins)],
                "itemStyle": {} if dash == "solid" else {"decal": {"symbol": "rect", "dashArrayX": [1, 0], "dashArrayY": [2, 3]}},
            }
        )
    ideal = {
        "name": _("as sure as right"),
        "type": "line",
        "symbol": "none",
        "color": GREY,
        "silent": True,
        "lineStyle": {"width": 2, "type": "dotted"},
        "data": [[0, 0], [100, 100]],
    }
    percent = percent_labels(FONT_PX)
    return {
        "animation": False,
        "tooltip": {"trigger": "item", "confine": True},
        "legend": {
            "left": 0,
            "top": 0,
            "textStyle": {"fontSize": FONT_PX},
            "itemGap": 14,
            "data": [kind[0] for kind in kinds] + [ideal["name"]],
        },
        "grid": [{"left": 56, "right": 20, "top": 84, "height": 220}, {"left": 56, "right": 20, "top": 390, "height": 72}],
        "xAxis": [
            {"type": "value", "min": 0, "max": 100, "axisLabel": percent, **named_below(_("how sure"), font_px=FONT_PX)},
            {
                "type": "category",
                "gridIndex": 1,
                "axisTick": {"show": False},
                "axisLabel": {"fontSize": FONT_PX, "hideOverlap": True},
                "data": [stretch(one) for one in before],
                **named_below(_("how sure, in stretches"), font_px=FONT_PX),
            },
        ],
        "yAxis": [
            {
                "type": "value",
                "min": 0,
                "max": 100,
                "axisLabel": percent,
                **named_above(_("how often right"), font_px=FONT_PX, gap_px=10),
            },
            {
                "type": "value",
                "gridIndex": 1,
                "splitNumber": 2,
                "axisLabel": {"fontSize": FONT_PX},
                **named_above(_("photos"), font_px=FONT_PX, gap_px=10),
            },
        ],
        "series": [*series, ideal],
    }


def _bar(one: Bin, framed: bool) -> Any:
    frame = {"itemStyle": {"borderColor": GREY, "borderWidth": 4}}
    # What is open may also be chosen in the table: the frame says so, whatever ECharts has selected.
    return {"value": one.photos, **frame, "select": frame} if framed else one.photos


def clickable(before: Sequence[Bin]) -> tuple[list[int], list[int]]:
    """Returns which stretch a click opens: of each point of the first series, and of each bar of the second."""
    return [place for place, one in enumerate(before) if one.photos], list(range(len(before)))


def rows_of(before: Sequence[Bin], after: Sequence[Bin] | None) -> list[int]:
    """Returns the stretch of each row of `reliability_rows`: those that have photos."""
    return [place for place, one in enumerate(before) if one.photos or (after is not None and after[place].photos)]


def stretch(one: Bin) -> str:
    """Writes the stretch of a bin: `93–100 %`."""
    return f"{100 * one.low:.0f}–{100 * one.high:.0f} %"


def reliability_sentence(bins: Sequence[Bin]) -> str:
    """Says in one sentence what the stretch that counts most in the calibration error shows; empty without photos."""
    one = widest_gap(bins)
    if one is None:
        return ""
    right = round(one.accuracy * one.photos)
    return _("When it said {said:.0f} %, it was right in {share:.0f} of 100 ({right} of the {photos} photos at {stretch}).").format(
        said=100 * one.confidence, share=100 * one.accuracy, right=f"{right:,}", photos=f"{one.photos:,}", stretch=stretch(one)
    )


def reliability_rows(before: Sequence[Bin], after: Sequence[Bin] | None) -> list[dict[str, str]]:
    """Returns the diagram as rows of a table, the stretches without photos left out."""
    rows = []
    for place in rows_of(before, after):
        one, other = before[place], after[place] if after is not None else None
        row = {_("How sure"): stretch(one), **_columns(one, "")}
        rows.append(row if other is None else row | _columns(other, " " + _("(with the temperature)")))
    return rows


def _columns(one: Bin, ending: str) -> dict[str, str]:
    return {
        _("Photos") + ending: f"{one.photos:,}",
        _("Said, in the mean") + ending: f"{100 * one.confidence:.1f} %" if one.photos else "–",
        _("Right") + ending: f"{100 * one.accuracy:.1f} %" if one.photos else "–",
    }
