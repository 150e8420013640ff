"""Signs of points, as ECharts draws them: each run and each class has one, so that colour is never alone."""

from __future__ import annotations

from flowerlab.charts.colours import class_glyph

# ECharts knows no name for these; drawn in a square of 20 by 20.
STAR = "path://M10 0 L12.4 7 L20 7.2 L14 11.8 L16.2 19 L10 14.7 L3.8 19 L6 11.8 L0 7.2 L7.6 7 Z"
CROSS = "path://M7 0 H13 V7 H20 V13 H13 V20 H7 V13 H0 V7 H7 Z"
SLANTED_CROSS = "path://M4 0 L10 6 L16 0 L20 4 L14 10 L20 16 L16 20 L10 14 L4 20 L0 16 L6 10 L0 4 Z"
PENTAGON = "path://M10 0 L20 7.3 L16.2 19 L3.8 19 L0 7.3 Z"
OF_GLYPHS = {"●": "circle", "▲": "triangle", "■": "rect", "◆": "diamond", "★": STAR, "✚": CROSS}
OF_RUNS = ("circle", "rect", "diamond", "triangle", CROSS, STAR, SLANTED_CROSS, PENTAGON)


def class_symbol(index: int) -> str:
    """Returns the sign of a class: the shape of its glyph."""
    return OF_GLYPHS[class_glyph(index)]


def run_symbol(number: int) -> str:
    """Returns the sign of the run with this number; eight runs in a row have eight."""
    return OF_RUNS[number % len(OF_RUNS)]
