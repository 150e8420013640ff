"""Roses from the side: petals wound around each other, each lower one in front, on a green calyx."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from flowerlab.datasets.garden.canvas import Canvas, Coat, Colour, dyed, mix
from flowerlab.datasets.garden.colours import GREEN, Pose, petal_palette
from flowerlab.datasets.garden.patch import ALONG, Floats, Patch, cover
from flowerlab.datasets.garden.petals import along_ray

# Where the petals start, in head radii below the middle.
FOOT = 0.82
SEPALS = 5
# Half-width of the whole flower from its foot (0) to its top (1).
CUP = along_ray(lambda x: np.sqrt(np.clip(1 - ((x - 0.52) / np.where(x < 0.52, 0.55, 0.75)) ** 2, 0, 1)))


def rosebud(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a rose from the side, half open: petals to the left and to the right in turn."""
    coat = Coat(patch.u.shape)
    petals = int(rng.integers(5, 9))
    broad = float(rng.uniform(0.72, 0.95))
    opened = float(rng.uniform(0.0, 1.0))
    side = 1.0 if rng.random() < 0.5 else -1.0
    height = np.clip((patch.v + np.float32(FOOT)) * np.float32(1 / (0.94 + FOOT)), 0, 1)
    cup = CUP.take((height * np.float32(ALONG - 1)).astype(np.intp))
    for number in range(petals):
        outer = number / (petals - 1)
        # Outer petals make a wider cup with a lower mouth, and stand farther to their side.
        width = np.float32(round(broad * (0.6 + 0.4 * outer**0.7), 5))
        half = cup * width * (1 + np.float32(0.3 * opened * outer) * height)
        top = 0.92 - (0.62 - 0.2 * opened) * outer + 0.05 * float(rng.standard_normal())
        across = patch.u - np.float32(side * broad * (0.08 + 0.42 * outer) * float(rng.uniform(0.8, 1.2)))
        arch = np.float32(float(rng.uniform(0.85, 1.15)) * (1.7 - 0.8 * outer))
        # Over its shoulders a rim first stays high and then falls steeply.
        fall: Floats = across * across
        rim = np.float32(top) - arch * fall * (np.float32(0.4) + fall)
        _wound_petal(coat, patch, rim, half, 0.46 + 0.16 * outer + 0.04 * float(rng.standard_normal()))
        side = -side
    canvas.paint(patch, coat.alpha, pose.lit(coat.shade, patch), petal_palette(rng, colour), flower=True)
    _calyx(canvas, patch, rng, cup * np.float32(broad * 0.75))


def _wound_petal(coat: Coat, patch: Patch, rim: Floats, half: Floats, tone: float) -> None:
    """Lays one petal over those behind it: all of the cup `half` as wide that lies under `rim`."""
    below = rim - patch.v
    within = half - np.abs(patch.u)
    inside = np.minimum(below, within) - (patch.v < -FOOT)
    s = patch.u * np.float32(1 / 0.9)
    lip = np.clip(1 - below * np.float32(1 / 0.09), 0, 1)
    shade = np.float32(tone) - np.float32(0.3) * s * s + np.float32(0.3) * lip
    shade -= np.float32(0.2) * np.clip(below * np.float32(0.7), 0, 1)
    # It throws a shadow onto the petals that it stands before.
    coat.shade -= np.float32(0.3) * np.clip(1 + below * np.float32(1 / 0.14), 0, 1) * (below < 0) * coat.alpha
    coat.add(cover(inside, patch.pixel), shade)


def _calyx(canvas: Canvas, patch: Patch, rng: Generator, half: Floats) -> None:
    """Paints the green cup that holds the petals, with its points."""
    teeth = patch.u * np.float32(SEPALS / 1.4) + np.float32(rng.uniform(0, 1))
    teeth -= np.floor(teeth)
    rim = np.float32(-0.74) + np.float32(float(rng.uniform(0.4, 0.8))) * np.abs(teeth - np.float32(0.5))
    inside = np.minimum(rim - patch.v, half - np.abs(patch.u)) - (patch.v < -FOOT - 0.06)
    shade = np.float32(0.5) - patch.u * np.float32(0.25)
    green = mix(GREEN, (60, 110, 40), float(rng.random()))
    canvas.paint(patch, cover(inside, patch.pixel), shade, dyed(green), flower=True)
