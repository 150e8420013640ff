"""What grows and crawls around the flowers: stems, leaves, blades of grass, stones, insects."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from flowerlab.datasets.garden.canvas import Canvas, Colour, dyed, mix
from flowerlab.datasets.garden.patch import ALONG, TURNS, Patch, cover, place, polar
from flowerlab.datasets.garden.petals import OUTSIDE

FRESH, OLIVE, BLUISH, DARK = (104, 152, 52), (126, 128, 60), (84, 128, 96), (44, 84, 40)
IN_SHADE = (14, 30, 16)
INSECT_SIDE = 96
INSECTS = ("bee", "ladybird", "butterfly")


def pick_green(rng: Generator) -> Colour:
    """Returns a colour for leaves."""
    kinds = (FRESH, OLIVE, BLUISH, DARK)
    one, other = kinds[int(rng.integers(4))], kinds[int(rng.integers(4))]
    return mix(mix(one, other, float(rng.random())), (0, 0, 0), 0.25 * float(rng.random()))


@lru_cache(maxsize=16)
def _outline(kind: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    x = np.linspace(0, 1, ALONG + 1)
    if kind in ("lance", "blade"):
        half = np.sin(np.pi * (0.1 + 0.9 * x**0.7))
    elif kind == "heart":
        half = np.sin(np.pi * x**0.55) ** 0.7
    elif kind == "toothed":
        half = np.sin(np.pi * (0.05 + 0.95 * x**1.6)) * (0.45 + 0.55 * ((x * 6.5) % 1))
    else:
        half = np.sin(np.pi * x**0.8) ** 0.8 * (0.9 + 0.1 * ((x * 14) % 1))
    half = np.round(half, 5)
    half[[0, -1]] = OUTSIDE
    return half.astype(np.float32)


def leaf(
    canvas: Canvas,
    rng: Generator,
    *,
    kind: str,
    foot: tuple[float, float],
    length_px: float,
    direction: float,
    green: Colour,
    detail_px: float = 32.0,
) -> None:
    """Paints a leaf.

    Args:
        kind: `lance`, `blade`, `heart`, `toothed` or `oval`.
        foot: (x, y) where it starts, in pixels.
        direction: From foot to tip, in radians, counter-clockwise from right.
        detail_px: See `place`; a small one shows it out of focus.
    """
    slim = {"lance": 0.13, "blade": 0.21, "heart": 0.62, "toothed": 0.24}.get(kind, 0.42) * float(rng.uniform(0.75, 1.25))
    middle = (foot[0] + math.cos(direction) * length_px / 2, foot[1] - math.sin(direction) * length_px / 2)
    patch = place(canvas.size, middle, length_px / 2, turn=direction, reach=1.0, detail_px=detail_px)
    if patch is None:
        return
    bend = np.float32(rng.uniform(-0.3, 0.3))
    across = patch.v - bend * (1 - patch.u * patch.u)
    t = np.clip((patch.u + 1) * np.float32(ALONG / 2), 0, ALONG).astype(np.intp)
    half = _outline(kind).take(t) * np.float32(slim)
    distance = np.abs(across)
    alpha = cover(half - distance, patch.pixel)
    shade = np.float32(0.5) + np.float32(0.12 if rng.random() < 0.5 else -0.12) * np.sign(across)
    if kind == "blade":
        # Its veins run along it.
        shade += np.float32(0.06) * (np.floor(patch.v * np.float32(24)) % 2)
    elif kind != "lance":
        veins = (patch.u - distance * np.float32(0.8)) * np.float32(4.5) + 9
        veins -= np.floor(veins)
        shade += np.float32(0.14) * (veins < 0.14)
    shade += np.float32(0.18) * cover(np.float32(0.025) - distance, patch.pixel)
    shade += np.float32(rng.uniform(-0.2, 0.2)) * patch.u
    canvas.paint(patch, alpha, shade, dyed(green, shadow=IN_SHADE), flower=False)


def stem(
    canvas: Canvas, top: tuple[float, float], foot: tuple[float, float], *, bend_px: float, width_px: float, green: Colour
) -> None:
    """Paints a stem from below a flower head down to its foot.

    Args:
        top: (x, y) of its upper end, in pixels.
        foot: (x, y) of its lower end; must lie lower.
        bend_px: How far its middle swings to the side.
    """
    first, last = max(0, math.floor(top[1])), min(canvas.size[1], math.ceil(foot[1]))
    if last - first < 2 or foot[1] - top[1] < 2:
        return
    t = (np.arange(first, last) + 0.5 - top[1]) / (foot[1] - top[1])
    x = top[0] + (foot[0] - top[0]) * t + bend_px * 4 * t * (1 - t)
    left = max(0, math.floor(float(x.min()) - width_px))
    right = min(canvas.size[0], math.ceil(float(x.max()) + width_px))
    if right - left < 2:
        return
    u = (np.arange(left, right) + 0.5)[None, :] - x[:, None]
    # The stem is cut horizontally: where it is steep, this is its thickness.
    slope = (foot[0] - top[0] + bend_px * 4 * (1 - 2 * t)) / (foot[1] - top[1])
    across = (u / np.hypot(1, slope)[:, None]).round(4).astype(np.float32)
    patch = Patch(float(left), float(first), 1.0, across, across, 1.0)
    side = across * np.float32(2 / width_px)
    shade = np.float32(0.6) - np.float32(0.3) * np.clip(side, -1, 1)
    canvas.paint(patch, cover(np.float32(width_px / 2) - np.abs(across), 1.0), shade, dyed(green, shadow=IN_SHADE), flower=False)


def stone(canvas: Canvas, rng: Generator, centre: tuple[float, float], radius_px: float) -> None:
    """Paints a stone."""
    patch = place(canvas.size, centre, radius_px, tilt=float(rng.uniform(0.5, 1.0)), towards=1.57, detail_px=40)
    if patch is None:
        return
    view = polar(patch)
    lumps = 0.86 + 0.1 * np.sin(TURNS * int(rng.integers(2, 5)) + rng.uniform(0, 6))
    grey = mix((150, 146, 140), (110, 92, 76), float(rng.random()))
    shade = np.float32(0.55) + patch.v * np.float32(0.3) - patch.u * np.float32(0.12)
    alpha = cover(view.along(np.round(lumps, 4).astype(np.float32)) - view.r, view.pixel)
    canvas.paint(patch, alpha, shade, dyed(grey), flower=False)


@lru_cache(maxsize=len(INSECTS))
def _insect(kind: str) -> Image.Image:
    side = INSECT_SIDE
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    for leg in (34, 48, 62) if kind != "butterfly" else ():
        pen.line((18, leg, 78, leg + 4), fill=(20, 18, 16, 220), width=3)
    if kind == "butterfly":
        for side in (-1, 1):
            fore = ((48, 34), (48 + side * 18, 10), (48 + side * 44, 8), (48 + side * 40, 36), (48 + side * 22, 48))
            hind = ((48, 44), (48 + side * 24, 50), (48 + side * 34, 66), (48 + side * 20, 86), (48 + side * 6, 66))
            for wing, fill in ((hind, (226, 120, 30, 255)), (fore, (240, 150, 44, 255))):
                pen.polygon(wing, fill=fill, outline=(40, 24, 10, 255), width=4)
            pen.ellipse((48 + side * 32 - 4, 16, 48 + side * 32 + 4, 24), fill=(250, 240, 220, 255))
            pen.line((48, 26, 48 + side * 9, 4), fill=(36, 24, 16, 255), width=2)
        pen.ellipse((44, 20, 52, 78), fill=(36, 24, 16, 255))
    elif kind == "ladybird":
        pen.ellipse((32, 8, 64, 36), fill=(20, 18, 18, 255))
        pen.ellipse((20, 20, 76, 84), fill=(206, 34, 24, 255))
        pen.line((48, 22, 48, 84), fill=(20, 18, 18, 255), width=3)
        for x, y in ((34, 40), (62, 40), (32, 60), (64, 60), (40, 74), (56, 74)):
            pen.ellipse((x - 5, y - 5, x + 5, y + 5), fill=(20, 18, 18, 255))
    else:
        pen.ellipse((34, 14, 62, 40), fill=(60, 40, 16, 255))
        pen.ellipse((32, 34, 64, 90), fill=(226, 166, 40, 255))
        for y in (46, 60, 74):
            pen.rectangle((33, y, 63, y + 6), fill=(40, 26, 12, 255))
        for box in ((4, 28, 40, 52), (56, 28, 92, 52)):
            pen.ellipse(box, fill=(230, 236, 240, 150))
    return image


def insect(canvas: Canvas, rng: Generator, centre: tuple[float, float], size_px: int) -> None:
    """Paints a bee, a ladybird or a butterfly."""
    picture = _insect(INSECTS[int(rng.integers(len(INSECTS)))]).resize((size_px, size_px), Image.Resampling.BILINEAR)
    picture = picture.rotate(round(float(rng.uniform(0, 360))), Image.Resampling.BILINEAR)
    corner = (round(centre[0] - size_px / 2), round(centre[1] - size_px / 2))
    canvas.image.paste(picture, corner, picture)
    canvas.mask.paste(0, (*corner, corner[0] + size_px, corner[1] + size_px), picture)
