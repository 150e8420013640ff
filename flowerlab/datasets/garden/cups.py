"""Flowers whose petals overlap into a cup: rose and tulip."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from flowerlab.datasets.garden.canvas import Canvas, Coat, Colour, dyed, mix
from flowerlab.datasets.garden.colours import GOLD, Pose, petal_palette
from flowerlab.datasets.garden.heads import sepals
from flowerlab.datasets.garden.patch import ALONG, EVERYWHERE, TURNS, Floats, Patch, Polar, Window, cover, polar
from flowerlab.datasets.garden.petals import PROFILES, along_ray, rays

PETALS_PER_WHORL = 4
STREAK_VARIANTS = 8
# Where a tulip's petals start, in head radii above its middle.
TULIP_FOOT = -0.92

PETAL = along_ray(lambda x: np.sin(np.pi * (0.02 + 0.98 * x**0.85)) ** 0.62)
LOBE = along_ray(lambda x: np.sqrt(1 - x**2.6))
# How rims of petals undulate: (variants, ANGLES).
WAVES = np.stack([0.025 * np.sin(TURNS * count + count * count) for count in range(3, 11)]).round(6)
BLUNT = along_ray(lambda x: np.sqrt(np.clip(1 - ((x - 0.43) / np.where(x < 0.43, 0.43, 0.57)) ** 2, 0, 1)))


def rose(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a rose: broad petals in a spiral, each lying over the one outside it."""
    if pose.tilt > 0.5:
        sepals(canvas, patch, rng, length=1.0, width=0.16, count=5)
    coat = Coat(patch.u.shape)
    # A small rose has no room for many petals.
    petals = min(int(rng.integers(15, 25)), 8 + round(0.4 / patch.pixel))
    height = float(rng.uniform(0.25, 0.6))
    inner = np.arange(petals) / petals
    sizes = 0.94 * (1 - inner) ** float(rng.uniform(0.75, 1.15)) + 0.06
    edges, tones = _rose_tables(rng, sizes, inner)
    view, window = polar(patch), EVERYWHERE
    for i, size in enumerate(sizes.tolist()):
        if i % PETALS_PER_WHORL == 0:
            part, window = patch.raised(height * (1 - size)).inside(size * 1.2)
            if not part.u.size:
                break
            view = polar(part)
        _rose_petal(coat, view, window, edges[i], tones[i], size)
    canvas.paint(patch, coat.alpha, pose.lit(coat.shade, patch), petal_palette(rng, colour), flower=True)


def _rose_tables(
    rng: Generator, sizes: NDArray[np.float64], inner: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns where each petal's rim is and how light the petal is, in each direction: (petals, ANGLES)."""
    petals = len(sizes)
    facing = rng.uniform(0, math.tau) + np.cumsum(2.4 + 0.25 * rng.standard_normal(petals))
    span = rng.uniform(0.9, 1.25, petals) + 0.5 * inner
    t = ((TURNS - facing[:, None] + math.pi) % math.tau - math.pi) / span[:, None]
    from_middle = np.minimum(np.abs(t), 1)
    lobe = LOBE.take((from_middle * ALONG).astype(np.intp))
    lobe *= 1 + rng.uniform(-0.05, 0.08, petals)[:, None] * np.maximum(1 - from_middle * 3, 0)
    lobe *= 1 + WAVES[rng.integers(len(WAVES), size=petals)]
    tone = 0.64 - 0.1 * inner + 0.05 * rng.standard_normal(petals)
    tones = tone[:, None] - 0.16 * from_middle * from_middle
    return (lobe * sizes[:, None]).round(4).astype(np.float32), tones.round(4).astype(np.float32)


def _rose_petal(coat: Coat, view: Polar, window: Window, rim: Floats, tones: Floats, size: float) -> None:
    """Lays one petal over those outside it."""
    # Depth under the rim, in steps of a quarter of a pixel: everything else about a petal follows from it.
    steps = 4 / view.pixel
    edge = view.along(rim)
    edge -= view.r
    edge *= np.float32(steps)
    lowest, highest = -math.ceil((0.05 + 0.13 * size) * steps) - 1, math.ceil((0.14 + 0.38 * size) * steps)
    at = edge.clip(lowest, highest).astype(np.intp)
    at -= lowest
    depth = np.arange(lowest, highest + 1) / steps
    cast = 1 - 0.34 * (1 + depth / (0.05 + 0.13 * size)).clip(0, 1) * (depth < 0)
    # From the rim inwards: a light rolled lip, the blade, and the dark where it dips behind the next petal.
    blade = 0.2 * (1 - depth / (0.025 + 0.05 * size)).clip(0, 1) - 0.36 * (depth / (0.12 + 0.38 * size)).clip(0, 1)
    under = coat.shade[window]
    under *= cast.astype(np.float32).take(at)
    shade = view.along(tones)
    shade += blade.astype(np.float32).take(at)
    coat.add(cover(depth.astype(np.float32), view.pixel).take(at), shade, window)


class _TulipPetal(NamedTuple):
    """One petal of a tulip; lengths in head radii.

    Args:
        side: Where it bulges to, -1 (left) to 1 (right).
        flare: How far its tip bends out.
    """

    side: float
    flare: float
    half_width: float
    tip: float
    tone: float


def tulip(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a tulip from the side: a cup of petals, closed or opening."""
    palette = petal_palette(rng, colour)
    coat = Coat(patch.u.shape)
    opened = float(rng.uniform(-0.25, 0.4)) if rng.random() < 0.8 else float(rng.uniform(0.4, 0.8))
    blade = PETAL if rng.random() < 0.65 else BLUNT
    breadth = float(rng.uniform(0.42, 0.56))
    left = _TulipPetal(-0.8, opened, breadth, float(rng.uniform(0.75, 0.98)), 0.5)
    right = _TulipPetal(0.8, opened, breadth, float(rng.uniform(0.75, 0.98)), 0.55)
    petals = (
        _TulipPetal(-0.45, opened * 0.6, breadth * 0.85, float(rng.uniform(0.72, 1.0)), 0.4),
        _TulipPetal(0.5, opened * 0.6, breadth * 0.85, float(rng.uniform(0.72, 1.0)), 0.36),
        *((left, right) if rng.random() < 0.5 else (right, left)),
        _TulipPetal(float(rng.uniform(-0.12, 0.12)), opened * 0.3, breadth * 1.02, float(rng.uniform(0.6, 0.9)), 0.64),
    )
    for petal in petals:
        _tulip_petal(coat, patch, blade, petal, _streaks(int(rng.integers(STREAK_VARIANTS))))
    canvas.paint(patch, coat.alpha, pose.lit(coat.shade, patch), palette, flower=True)


def _tulip_petal(coat: Coat, patch: Patch, outline: Floats, petal: _TulipPetal, streaks: Floats) -> None:
    """Lays one petal onto the cup, over those behind it."""
    height = np.float32(1 / (petal.tip - TULIP_FOOT))
    t = np.clip((patch.v - np.float32(TULIP_FOOT)) * height, 0, 1)
    # The axis bulges outwards first and then bends in (closed) or out (open).
    bulge, bend = np.float32(0.92 + petal.flare * 0.2), np.float32(0.5 - 0.75 * petal.flare)
    across = patch.u - np.float32(petal.side) * t * (bulge - t * bend)
    half = outline.take((t * np.float32(ALONG)).astype(np.intp)) * np.float32(petal.half_width)
    half -= (t <= 0) * np.float32(1)
    depth = half - np.abs(across)
    s = across * np.float32(1 / petal.half_width)
    shade = np.float32(petal.tone - 0.11) + np.float32(0.22) * t - np.float32(0.3) * s * s
    shade += streaks.take(((s + 1) * np.float32(0.5 * ALONG)).astype(np.intp), mode="clip") * np.float32(0.05)
    shade += np.float32(0.12) * np.clip(1 - depth * np.float32(1 / 0.07), 0, 1)
    # It throws a shadow onto what is just outside its rim.
    coat.shade -= np.float32(0.22) * np.clip(1 + depth * np.float32(1 / 0.12), 0, 1) * (half > 0) * coat.alpha
    coat.add(cover(depth, patch.pixel), shade)


@lru_cache(maxsize=STREAK_VARIANTS)
def _streaks(variant: int) -> Floats:
    steps = np.random.default_rng([5, variant]).standard_normal(ALONG + 1)
    return np.convolve(steps, np.ones(9) / 3, mode="same").round(4).astype(np.float32)


def open_tulip(canvas: Canvas, patch: Patch, rng: Generator, colour: Colour, pose: Pose) -> None:
    """Paints a wide open tulip, looked into from above."""
    palette = petal_palette(rng, colour)
    coat = Coat(patch.u.shape)
    view = polar(patch.raised(0.3))
    spin = float(rng.uniform(0, math.tau))
    width = float(rng.uniform(0.4, 0.52))
    for ring in range(2):
        rays(
            coat,
            view,
            rng,
            count=3,
            length=0.97 - 0.04 * ring,
            width=width,
            profile=PROFILES["ovate"],
            tone=0.45 + 0.18 * ring,
            groove=0.05,
            jitter=0.02,
            uneven=0.04,
            facing=spin + ring * math.pi / 3,
        )
    canvas.paint(patch, coat.alpha, pose.lit(coat.shade, patch), palette, flower=True)
    heart = Coat(patch.u.shape)
    dark = (30, 16, 36) if rng.random() < 0.6 else (235, 205, 60)
    heart.add(cover(np.float32(rng.uniform(0.2, 0.36)) - view.r, 0.08), np.full_like(view.r, 0.6))
    canvas.paint(patch, heart.alpha, heart.shade, dyed(dark), flower=True)
    stamens = Coat(patch.u.shape)
    rays(stamens, view, rng, count=6, length=0.3, width=0.035, profile=PROFILES["strap"], tone=0.5)
    stamens.add(cover(np.float32(0.08) - view.r, view.pixel), np.full_like(view.r, 0.75))
    canvas.paint(patch, stamens.alpha, stamens.shade, dyed(mix(GOLD, (60, 40, 30), 0.0 if dark[0] < 100 else 0.8)), flower=True)
