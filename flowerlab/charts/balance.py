"""A data set in two pictures: how many photos each class has, and which photos train and test. ECharts options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowerlab.charts.parts import class_bars
from flowerlab.datasets.splits import Split
from flowerlab.locale import _

# Okabe–Ito again, but of its own: parts of a split are neither runs nor classes.
PART_COLOURS = {"train": "#56b4e9", "validation": "#e69f00", "test": "#009e73"}
LEAK_COLOUR = "#d55e00"


def balance_options(classes: Sequence[str], counts: Sequence[int]) -> dict[str, Any]:
    """Draws the photos of each class as horizontal bars; names and counts in label order."""
    total = max(1, sum(counts))
    texts = [f"{count:,}  ({count / total * 100:.1f} %)" for count in counts]
    options = class_bars(classes, range(len(classes)), counts, texts, font_px=15, bar_px=28)
    return options | {"grid": {"left": 8, "right": 110, "top": 4, "bottom": 4, "containLabel": True}}


def balance_sentence(classes: Sequence[str], counts: Sequence[int]) -> str:
    """Says the class balance in words."""
    return ", ".join(f"{name}: {count:,}" for name, count in zip(classes, counts, strict=True)) + "."


def majority_share(counts: Sequence[int]) -> float:
    """Returns the share of the largest class, 0..1: the accuracy of always giving that answer."""
    return max(counts) / max(1, sum(counts))


def split_options(parts: Split, *, count: int, leak: bool) -> dict[str, Any]:
    """Draws a split as two bars over the data set's order: what the network learns with, and what tests it.

    Args:
        count: Photos in all.
        leak: Whether the test photos also trained; marks them as a leak.
    """
    learn = [
        _segment(_("training"), len(parts.train), 1, "train"),
        _segment(_("validation"), len(parts.validation), 1, "validation"),
    ]
    # The test bar begins where its first photo lies, so that an overlap is seen as one.
    begin = int(parts.test[0]) if len(parts.test) else count
    gap = {**_segment("gap", begin, 0, "test"), "itemStyle": {"color": "transparent"}, "label": {"show": False}}
    gap["silent"] = True
    test = _segment(_("test, all seen in training") if leak else _("test"), len(parts.test), 0, "test")
    if leak:
        test["itemStyle"] |= {"borderColor": LEAK_COLOUR, "borderWidth": 4}
        test["label"]["formatter"] = _("{count} = a leak").format(count=f"{len(parts.test):,}")
    axis: dict[str, Any] = {"axisTick": {"show": False}, "axisLabel": {"fontSize": 15}}
    return {
        "animation": False,
        "grid": {"left": 8, "right": 24, "top": 44, "bottom": 4, "containLabel": True},
        "legend": {
            "top": 0,
            "left": 0,
            "selectedMode": False,
            "itemGap": 18,
            "textStyle": {"fontSize": 15},
            "data": [series["name"] for series in (*learn, test)],
        },
        "xAxis": {
            "type": "value",
            "max": count,
            "splitLine": {"show": False},
            "axisLabel": {"fontSize": 13, "showMaxLabel": True, "hideOverlap": True},
        },
        "yAxis": {"type": "category", "data": [_("tests"), _("learns")], **axis},
        "series": [*learn, gap, test],
    }


def split_sentence(parts: Split, *, count: int) -> str:
    """Says the sizes of a split's parts in words."""
    overlap = len(set(parts.test.tolist()) & (set(parts.train.tolist()) | set(parts.validation.tolist())))
    return _(
        "Of {count} photos {train} train, {validation} validate and {test} test; {overlap} of the test photos also trained "
        "or validated."
    ).format(
        count=f"{count:,}",
        train=f"{len(parts.train):,}",
        validation=f"{len(parts.validation):,}",
        test=f"{len(parts.test):,}",
        overlap=f"{overlap:,}",
    )


def _segment(name: str, photos: int, row: int, part: str) -> dict[str, Any]:
    """One stretch of a bar; the other row gets nothing."""
    data: list[int | None] = [None, None]
    data[row] = photos
    return {
        "type": "bar",
        "name": name,
        "stack": "all",
        "barWidth": 40,
        "data": data,
        "itemStyle": {"color": PART_COLOURS[part]},
        "label": {
            "show": True,
            "position": "inside",
            "fontSize": 14,
            "fontWeight": "bold",
            "color": "#101010",
            "formatter": f"{photos:,}",
        },
    }
