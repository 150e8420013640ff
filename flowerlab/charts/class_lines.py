"""One line a class over the epochs, with the chosen epoch marked: recall, or the probabilities of one photo. ECharts options."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from flowerlab.charts.colours import class_colour, class_glyph
from flowerlab.charts.legend import legend_px, with_legend
from flowerlab.charts.parts import GREY, named_above, named_below, percent_labels
from flowerlab.charts.symbols import class_symbol
from flowerlab.locale import _

FONT_PX = 14
# Of the chart below its legend, what it has beside it on a wide page, and of a sign in the legend.
HEIGHT_PX, WIDE_PX, SIGN_PX = 270, 600, 25
# Of more classes the legend scrolls, and is so high with what is below it.
MOST_NAMES, SCROLLED_PX = 8, 64


def class_lines_options(
    classes: tuple[str, ...], shares: NDArray[Any], *, epoch: int, axis: str, wanted: int | None = None
) -> dict[str, Any]:
    """Draws one line a class, each in the class's colour and with its sign.

    Args:
        classes: Names in label order.
        shares: (epochs, classes), 0..1; NaN is left out.
        epoch: The chosen epoch, 1-based, marked by an upright line.
        axis: What is drawn, in words.
        wanted: The class whose line is drawn thick; None: all alike.
    """
    epochs = len(shares)
    series: list[dict[str, Any]] = [
        {
            "name": f"{class_glyph(label)} {name}",
            "type": "line",
            "color": class_colour(label),
            "symbol": class_symbol(label),
            "symbolSize": 11,
            "showAllSymbol": epochs <= 30,
            "lineStyle": {"width": 5 if label == wanted else 2.5},
            "data": [None if math.isnan(value) else round(100 * value, 1) for value in shares[:, label].tolist()],
        }
        for label, name in enumerate(classes)
    ]
    series[0]["markLine"] = {
        "silent": True,
        "symbol": "none",
        "data": [{"xAxis": epoch - 1}],
        "lineStyle": {"color": GREY, "type": "solid", "width": 2},
        "label": {"formatter": _("epoch {number}").format(number=epoch), "fontSize": FONT_PX, "color": GREY},
    }
    options: dict[str, Any] = {
        "animation": False,
        "tooltip": {"trigger": "axis", "valueFormatter": "%.1f %%", "confine": True},
        "grid": {"left": 8, "right": 24, "bottom": 30, "containLabel": True},
        "xAxis": {
            "type": "category",
            "data": [str(number + 1) for number in range(epochs)],
            "axisLabel": {"fontSize": FONT_PX},
            "axisTick": {"alignWithLabel": True},
            **named_below(_("epoch"), font_px=FONT_PX),
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": 100,
            "axisLabel": percent_labels(FONT_PX),
            **named_above(axis, font_px=FONT_PX),
        },
        "series": series,
    }
    options = with_legend(options, [line["name"] for line in series], wide_px=WIDE_PX, sign_px=SIGN_PX)
    if len(classes) > MOST_NAMES:
        options["legend"]["type"] = "scroll"
        options["grid"]["top"] = SCROLLED_PX
        del options["media"]
    return options


def class_lines_height(classes: tuple[str, ...]) -> int:
    """Returns the height of `class_lines_options` in pixels: of the chart and its legend."""
    if len(classes) > MOST_NAMES:
        return HEIGHT_PX + SCROLLED_PX
    return HEIGHT_PX + legend_px([f"{class_glyph(label)} {name}" for label, name in enumerate(classes)], sign_px=SIGN_PX)


def shares_sentence(classes: tuple[str, ...], shares: NDArray[Any]) -> str:
    """Says one share a class in words: `daisy 81 %, tulips –.`

    Args:
        classes: Names in label order.
        shares: (classes,), 0..1; NaN where there is none.
    """
    return (
        ", ".join(
            f"{name} {'–' if math.isnan(share) else f'{100 * share:.0f} %'}"
            for name, share in zip(classes, shares.tolist(), strict=True)
        )
        + "."
    )
