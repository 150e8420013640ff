"""Alters crops so that they look less like photos: other colours, smoothed or coarse surfaces, things laid over them.

A student that saw photos alone follows its teacher on photos alone. The teacher sees the altered crop too, so that whatever it
makes of it is what the student shall make of it. Nothing here draws a flower.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

MOST_SHAPES = 12
SHARE_WITH_SHAPES, SHARE_WITH_PATCH = 0.4, 0.3


def altered(crop: Image.Image, rng: np.random.Generator, other: Image.Image) -> Image.Image:
    """Alters one crop.

    Args:
        crop: RGB.
        rng: Decides what is done.
        other: RGB, another crop of any size, a piece of which may be laid into this one.

    Returns:
        RGB, of the crop's size.
    """
    if rng.random() < SHARE_WITH_PATCH:
        crop = _patched(crop, rng, other)
    if rng.random() < SHARE_WITH_SHAPES:
        crop = _with_shapes(crop, rng)
    return _recoloured(_resurfaced(crop, rng), rng)


def _patched(crop: Image.Image, rng: np.random.Generator, other: Image.Image) -> Image.Image:
    """Lays another picture, shrunk and cut to an ellipse or a rectangle, somewhere into this one."""
    width, height = (int(side * rng.uniform(0.3, 0.75)) for side in crop.size)
    mask = Image.new("L", (width, height), 0)
    draw = ImageDraw.Draw(mask)
    (draw.ellipse if rng.random() < 0.5 else draw.rectangle)((0, 0, width - 1, height - 1), fill=255)
    place = int(rng.integers(0, crop.width - width + 1)), int(rng.integers(0, crop.height - height + 1))
    crop = crop.copy()
    crop.paste(other.resize((width, height), Image.Resampling.BILINEAR), place, mask)
    return crop


def _with_shapes(crop: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Draws ellipses, polygons and lines of any colour over it."""
    crop = crop.copy()
    draw = ImageDraw.Draw(crop)
    side = min(crop.size)
    for _ in range(int(rng.integers(1, MOST_SHAPES + 1))):
        colour = tuple(int(value) for value in rng.integers(0, 256, 3))
        x, y, radius = rng.uniform(0, crop.width), rng.uniform(0, crop.height), side * rng.uniform(0.03, 0.25)
        flat = radius * rng.uniform(0.3, 1)
        kind = rng.integers(3)
        if kind == 0:
            draw.ellipse((x - radius, y - flat, x + radius, y + flat), fill=colour)
        elif kind == 1:
            angles = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(3, 8))))
            draw.polygon([(x + radius * math.cos(a), y + flat * math.sin(a)) for a in angles], fill=colour)
        else:
            angle = rng.uniform(0, 2 * math.pi)
            end = x + 2 * radius * math.cos(angle), y + 2 * radius * math.sin(angle)
            draw.line((x, y, *end), fill=colour, width=int(rng.integers(1, 7)))
    return crop


def _resurfaced(crop: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Smooths, coarsens, blurs, sharpens or grains it, or leaves it."""
    kind = rng.integers(7)
    if kind == 0:
        return crop.filter(ImageFilter.ModeFilter(int(rng.choice([3, 5]))))
    if kind == 1:
        return crop.filter(ImageFilter.MedianFilter(int(rng.choice([3, 5]))))
    if kind == 2:
        return ImageOps.posterize(crop, int(rng.integers(2, 5)))
    if kind == 3:
        return crop.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3)))
    if kind == 4:
        return ImageEnhance.Sharpness(crop).enhance(rng.uniform(2, 6))
    if kind == 5:
        grain = rng.normal(0, rng.uniform(4, 24), (crop.height, crop.width, 3))
        return Image.fromarray(np.clip(np.asarray(crop) + grain, 0, 255).astype(np.uint8))
    return crop


def _recoloured(crop: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turns its hues and changes saturation, brightness and contrast."""
    hue, saturation, value = crop.convert("HSV").split()
    turn = int(rng.integers(0, 256)) if rng.random() < 0.6 else 0
    strength = rng.uniform(0.2, 2.0)
    saturation = saturation.point([min(255, int(level * strength)) for level in range(256)])
    hue = hue.point([(level + turn) % 256 for level in range(256)])
    crop = Image.merge("HSV", (hue, saturation, value)).convert("RGB")
    crop = ImageEnhance.Brightness(crop).enhance(rng.uniform(0.6, 1.4))
    return ImageEnhance.Contrast(crop).enhance(rng.uniform(0.5, 1.5))
