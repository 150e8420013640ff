"""What flower heads are made of: rays around a middle, discs of florets, and the dandelion's seed ball."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from flowerlab.datasets.garden.canvas import Coat
from flowerlab.datasets.garden.patch import ALONG, EVERYWHERE, TURNS, Floats, Patch, Polar, Window, cover, polar

GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
TEXTURE_SIZES = (256, 128, 64, 32)
TEXTURE_VARIANTS = 10
OUTSIDE = -99.0


def along_ray(shape: Callable[[np.ndarray[tuple[int], np.dtype[np.float64]]], object]) -> Floats:
    """Returns a table of a quantity along a ray: `shape` of 0 (its base) to 1 (its tip), and far below 0 behind the tip."""
    table = np.full(ALONG + 1, OUTSIDE)
    table[:ALONG] = np.round(np.asarray(shape(np.arange(ALONG) / (ALONG - 1)), dtype=np.float64), 5)
    return table.astype(np.float32)


# Half-width of a ray along its length; the widest place is 1.
STRAP = along_ray(lambda x: (0.5 + 0.5 * np.minimum(x / 0.6, 1)) * np.sqrt(np.clip(1 - ((x - 0.78) / 0.22).clip(0) ** 2, 0, 1)))
NOTCHED = along_ray(lambda x: (0.45 + 0.55 * np.minimum(x / 0.8, 1)) * np.sqrt(np.clip(1 - ((x - 0.92) / 0.08).clip(0) ** 2, 0, 1)))
POINTED = along_ray(lambda x: np.sin(np.pi * (0.12 + 0.88 * x**0.8)) ** 0.8)
OVATE = along_ray(lambda x: np.sin(np.pi * (0.1 + 0.9 * x**1.25)) ** 0.6)
FINE = along_ray(lambda x: (0.6 + 0.4 * x) * np.sqrt(np.clip((1 - x) / 0.1, 0, 1)))
PROFILES = {"strap": STRAP, "notched": NOTCHED, "pointed": POINTED, "ovate": OVATE, "fine": FINE}


def rays(
    coat: Coat,
    view: Polar,
    rng: Generator,
    *,
    count: int,
    length: float,
    width: float,
    profile: Floats,
    tone: float,
    rise: float = 0.25,
    groove: float = 0.1,
    jitter: float = 0.12,
    uneven: float = 0.08,
    spread: float = 0.06,
    missing: float = 0.0,
    window: Window = EVERYWHERE,
    facing: float | None = None,
) -> None:
    """Lays one ring of rays onto a coat.

    Args:
        view: Its pixels (or those of `window`) in polar coordinates around the middle of the ring.
        width: Half of a ray's widest place.
        profile: Half-width along the ray, see `PROFILES`.
        rise: How much lighter the tip is than the base.
        jitter: Spread of the directions, as a share of the distance between two rays.
        spread: Of the shades of single rays.
        window: The part of the coat that `view` covers.
        facing: Direction of one ray in radians; None leaves it to chance.
    """
    lengths = length * (1 + uneven * rng.standard_normal(count))
    lengths[rng.random(count) < missing] = 0.02
    shifts = jitter * rng.standard_normal(count)
    tones = tone + spread * rng.standard_normal(count)
    place = (TURNS - (rng.uniform(0, math.tau) if facing is None else facing)) * (count / math.tau)
    whole = place.round()
    nearest = whole.astype(np.intp) % count
    offset = (place - whole - shifts.clip(-0.4, 0.4)[nearest]) * (math.tau / count)
    over_length = (1 / np.maximum(lengths, 0.02)).round(5).astype(np.float32)[nearest]
    across = view.r * view.along(offset.round(5).astype(np.float32))
    x = np.minimum(view.r * view.along(over_length), 1) * np.float32(ALONG)
    half = profile.take(x.astype(np.intp)) * np.float32(width)
    alpha = cover(half - np.abs(across), view.pixel)
    s = across * np.float32(1 / width)
    s *= s
    # A furrow on each side of the midrib: s² (1 - s²) is largest between the two.
    shade = view.along((tones - rise / 2).round(5).astype(np.float32)[nearest]) + x * np.float32(rise / ALONG)
    shade -= np.float32(groove * 4) * s * (1 - s)
    coat.add(alpha, shade, window)


@lru_cache(maxsize=8)
def florets(count: int) -> tuple[Floats, ...]:
    """Returns a disc of florets in Vogel's spiral (H. Vogel, 1979), in several resolutions.

    Returns:
        One float32 (side, side) for each of `TEXTURE_SIZES`: light 0..1 of each floret, 0 between them.
    """
    side = TEXTURE_SIZES[0] * 2
    image = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(image)
    for k in range(count, 0, -1):
        r = math.sqrt((k - 0.5) / count) * 0.97
        x, y = side / 2 * (1 + r * math.cos(k * GOLDEN_ANGLE)), side / 2 * (1 + r * math.sin(k * GOLDEN_ANGLE))
        size = 0.92 * side / 2 / math.sqrt(count)
        for share, light in ((1.0, 110), (0.78, 160), (0.5, 215), (0.25, 255)):
            reach, up = round(size * share), size * (1 - share) * 0.3
            pen.ellipse((round(x) - reach, round(y - up) - reach, round(x) + reach, round(y - up) + reach), fill=light)
    return _mipmap(image)


@lru_cache(maxsize=TEXTURE_VARIANTS)
def seed_ball(variant: int) -> tuple[Floats, ...]:
    """Returns a dandelion's seed ball, in several resolutions.

    Returns:
        One float32 (side, side) for each of `TEXTURE_SIZES`: how much of the background its hairs cover, 0..1.
    """
    rng = np.random.default_rng([77, variant])
    side = TEXTURE_SIZES[0] * 2
    image = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(image)
    count = int(rng.integers(70, 150))
    k = np.arange(count)
    z = np.clip(1 - 2 * (k + 0.5) / count + 0.04 * rng.standard_normal(count), -1, 1)
    turns = k * GOLDEN_ANGLE + 0.15 * rng.standard_normal(count)
    for i in np.argsort(z, kind="stable").tolist():
        height, flat = float(z[i]), math.sqrt(1 - float(z[i]) ** 2)
        c, s = math.cos(float(turns[i])), math.sin(float(turns[i]))
        x, y = side / 2 * (1 + 0.8 * flat * c), side / 2 * (1 + 0.8 * flat * s)
        light = round(120 + 60 * (height + 1))
        pen.line((side / 2, side / 2, round(x), round(y)), fill=round(light * 0.6), width=2)
        hairs, size = 14, side * 0.105
        spin = float(rng.uniform(0, math.tau))
        for hair in range(hairs):
            a = spin + hair * math.tau / hairs
            # A parachute is a flat circle whose axis points away from the middle of the ball.
            radial, sideways = size * math.cos(a) * max(abs(height), 0.25), size * math.sin(a)
            out = 0.25 * size * flat
            end = (round(x + (radial + out) * c - sideways * s), round(y + (radial + out) * s + sideways * c))
            pen.line((round(x), round(y), *end), fill=light, width=2)
    return _mipmap(image)


def _mipmap(image: Image.Image) -> tuple[Floats, ...]:
    return tuple(np.asarray(image.reduce(image.width // size), dtype=np.float32) * np.float32(1 / 255) for size in TEXTURE_SIZES)


def sample(textures: tuple[Floats, ...], patch: Patch, radius: float) -> Floats:
    """Returns each pixel's value in a round texture of the given radius; pixels outside take its rim."""
    fit = next((t for t in reversed(textures) if t.shape[0] * patch.pixel >= 2.0 * radius), textures[0])
    side = fit.shape[0]
    scale = np.float32(side / 2 / radius)
    x = np.clip(patch.u * scale + np.float32(side / 2), 0, side - 1).astype(np.intp)
    y = np.clip(patch.v * scale + np.float32(side / 2), 0, side - 1).astype(np.intp)
    value: Floats = fit.ravel().take(y * side + x)
    return value


def disc(patch: Patch, radius: float, *, florets_count: int, dome: float) -> tuple[Polar, Floats, Floats]:
    """Returns a disc of florets.

    Args:
        dome: How much darker its rim is than its middle, 0..1.

    Returns:
        Its polar coordinates, how much of each pixel it covers (0..1), and its shade (0..1).
    """
    view = polar(patch)
    x = view.r * np.float32(1 / radius)
    shade = sample(florets(florets_count), patch, radius) * np.float32(0.45) + np.float32(0.35)
    shade -= np.float32(dome) * x * x
    return view, cover(np.float32(radius) - view.r, view.pixel), shade
