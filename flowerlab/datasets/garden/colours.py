"""The colours of the garden, and how light falls on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from flowerlab.datasets.garden.canvas import Colour, mix, ramp
from flowerlab.datasets.garden.patch import Floats, Patch

RED, CRIMSON, PINK, ROSE = (205, 28, 38), (150, 14, 50), (240, 150, 178), (226, 78, 122)
YELLOW, GOLD, ORANGE, APRICOT = (252, 214, 40), (246, 184, 22), (243, 122, 28), (250, 188, 130)
WHITE, CREAM, PURPLE, LILAC = (243, 242, 236), (248, 236, 190), (122, 40, 132), (190, 150, 215)
BROWN, GREEN = (88, 52, 26), (86, 132, 48)

# What grows in gardens (each list: colour and its share), and what any of the five may come in.
USUAL: dict[str, tuple[tuple[Colour, float], ...]] = {
    "dandelion": ((YELLOW, 0.6), (GOLD, 0.3), (CREAM, 0.1)),
    "daisy": ((WHITE, 0.55), (YELLOW, 0.15), (PINK, 0.15), (LILAC, 0.1), (ROSE, 0.05)),
    "tulips": ((RED, 0.3), (YELLOW, 0.2), (ROSE, 0.15), (PURPLE, 0.1), (ORANGE, 0.15), (WHITE, 0.1)),
    "sunflowers": ((YELLOW, 0.5), (GOLD, 0.4), (ORANGE, 0.1)),
    "roses": ((RED, 0.3), (CRIMSON, 0.1), (PINK, 0.2), (ROSE, 0.1), (WHITE, 0.1), (YELLOW, 0.1), (APRICOT, 0.1)),
}
ANY: tuple[tuple[Colour, float], ...] = (
    (YELLOW, 0.22),
    (GOLD, 0.12),
    (RED, 0.18),
    (ORANGE, 0.12),
    (WHITE, 0.1),
    (CREAM, 0.06),
    (ROSE, 0.08),
    (PINK, 0.06),
    (PURPLE, 0.04),
    (CRIMSON, 0.02),
)


def pick_colour(rng: Generator, palette: tuple[tuple[Colour, float], ...]) -> Colour:
    """Returns a colour of a palette, a little changed."""
    chosen = palette[int(np.searchsorted(np.cumsum([share for _, share in palette]), rng.random() * 0.999))][0]
    gain = 1 + 0.07 * rng.standard_normal(4)
    r, g, b = (round(min(255.0, max(0.0, chosen[c] * float(gain[c]) * float(gain[3]))), 2) for c in range(3))
    return (r, g, b)


def petal_palette(rng: Generator, colour: Colour) -> bytes:
    """Returns the palette of petals of a colour; what their shadows look like does not depend on the species."""
    hue = ((40, 0, 20), (60, 30, 0), (20, 20, 50), mix(colour, (0, 0, 0), 0.7))[int(rng.integers(4))]
    depth = float(rng.uniform(0.25, 0.6))
    shadow = mix(colour, hue, depth)
    return ramp(
        (0, mix(shadow, (0, 0, 0), 0.6)),
        (0.3, mix(shadow, colour, 0.25)),
        (0.6, colour),
        (1, mix(colour, WHITE, float(rng.uniform(0.2, 0.6)))),
    )


# Discs of florets come in the same colours in daisies and sunflowers, only not equally often.
HEARTS: tuple[Colour, ...] = (GOLD, (200, 140, 20), (140, 136, 50), BROWN, (52, 28, 24))


def heart_palette(rng: Generator, shares: tuple[float, float, float, float, float]) -> bytes:
    """Returns the palette of a disc of florets; `shares` say how often it has each of `HEARTS`."""
    base = HEARTS[int(rng.choice(len(HEARTS), p=shares))]
    base = mix(base, HEARTS[int(rng.integers(len(HEARTS)))], float(rng.uniform(0, 0.35)))
    return ramp(
        (0, mix(base, (14, 8, 8), 0.85)),
        (0.4, mix(base, (20, 10, 10), 0.25)),
        (0.75, mix(base, GOLD, 0.3)),
        (1, mix(base, (255, 240, 190), 0.5)),
    )


class Pose(NamedTuple):
    """How a flower stands.

    Args:
        tilt: Angle between its axis and the line to the camera, in radians.
        light: (u, v) in which the light comes, length about 1, times its strength.
    """

    tilt: float
    light: tuple[float, float]

    def lit(self, shade: Floats, patch: Patch) -> Floats:
        """Adds the light to a shade, in place, and returns it."""
        shade += np.float32(self.light[0]) * patch.u
        shade += np.float32(self.light[1]) * patch.v
        return shade
