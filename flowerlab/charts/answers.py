"""What a run answers about a photo: its probabilities as bars. ECharts options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowerlab.charts.parts import class_bars
from flowerlab.locale.numbers import confidence

MOST_BARS = 6


def best_classes(probabilities: Sequence[float]) -> list[int]:
    """Returns the classes to show: all in label order if they are few, else the most probable ones, highest first."""
    if len(probabilities) <= MOST_BARS:
        return list(range(len(probabilities)))
    return sorted(range(len(probabilities)), key=lambda label: -probabilities[label])[:MOST_BARS]


def answer_options(classes: Sequence[str], probabilities: Sequence[float]) -> dict[str, Any]:
    """Draws probabilities as horizontal bars in the classes' colours.

    Args:
        classes: Names in label order.
        probabilities: One a class, 0..1.
    """
    shown = best_classes(probabilities)
    values, texts = [share * 100 for share in probabilities], [confidence(share) for share in probabilities]
    options = class_bars(classes, shown, values, texts, font_px=14, bar_px=20)
    options["grid"] = {"left": 4, "right": 74, "top": 2, "bottom": 2, "containLabel": True}
    options["xAxis"] |= {"min": 0, "max": 100}
    options["yAxis"]["axisLabel"] |= {"width": 130, "overflow": "truncate"}
    options["series"][0] |= {"showBackground": True, "backgroundStyle": {"color": "rgba(128,128,128,0.14)"}}
    return options


def answer_height_px(probabilities: Sequence[float]) -> int:
    """Returns how high the figure must be for its bars, in pixels."""
    return 12 + 30 * len(best_classes(probabilities))


def answer_sentence(classes: Sequence[str], probabilities: Sequence[float]) -> str:
    """Says the probabilities in words."""
    return ", ".join(f"{classes[label]} {confidence(probabilities[label])}" for label in best_classes(probabilities)) + "."
