"""One colour per run and per class, the same everywhere, distinct without colour too.

The set is Okabe and Ito's (2008), made for colour-blind readers; its black and yellow are left out, because they vanish on
a dark or light page.
"""

from __future__ import annotations

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
# Lengths of strokes and gaps in pixels.
DASHES: tuple[str | list[int], ...] = ("solid", [7, 4], [2, 3], [7, 3, 2, 3], [14, 4], [14, 3, 2, 3])
GLYPHS = ("●", "▲", "■", "◆", "★", "✚")


def run_colour(number: int) -> str:
    """Returns the colour of the run with this number, as #rrggbb."""
    return PALETTE[(number - 1) % len(PALETTE)]


def run_dash(number: int) -> str | list[int]:
    """Returns the dash of the run with this number, as ECharts' `lineStyle.type`; runs that share a colour have another dash."""
    return DASHES[(number - 1 + (number - 1) // len(PALETTE)) % len(DASHES)]


def class_colour(index: int) -> str:
    """Returns the colour of a class, as #rrggbb."""
    return PALETTE[index % len(PALETTE)]


def class_glyph(index: int) -> str:
    """Returns the sign of a class; classes that share a colour have another sign."""
    return GLYPHS[(index + index // len(GLYPHS)) % len(GLYPHS)]
