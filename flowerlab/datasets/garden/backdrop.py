"""What lies behind the flowers: grass, leaves, soil, sky, walls, a meadow out of focus, bokeh, a field, a plain studio."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

from flowerlab.datasets.garden.canvas import Colour, mix, ramp
from flowerlab.datasets.garden.colours import ANY, pick_colour
from flowerlab.datasets.garden.greenery import pick_green

Size = tuple[int, int]


def noise(rng: Generator, size: Size, cells: int, *, flat: float = 1.0) -> Image.Image:
    """Returns smooth noise.

    Args:
        size: (width, height) in pixels.
        cells: How many grains on the shorter side.
        flat: How many times a grain is wider than high.
    """
    scale = cells / min(size)
    grid = (max(2, round(size[1] * scale)), max(2, round(size[0] * scale / flat)))
    grains = Image.fromarray(rng.integers(0, 256, grid, dtype=np.uint8))
    # Coarse grains are made round in a small picture, which is then enlarged: a third of the work.
    if scale < 1 / 8:
        grains = grains.resize((max(2, size[0] // 4), max(2, size[1] // 4)), Image.Resampling.BICUBIC)
        return grains.resize(size, Image.Resampling.BILINEAR)
    return grains.resize(size, Image.Resampling.BICUBIC)


def _clouds(rng: Generator, size: Size, cells: int, *, flat: float = 1.0) -> Image.Image:
    coarse, fine = noise(rng, size, cells, flat=flat), noise(rng, size, cells * 3, flat=flat)
    return Image.blend(coarse, fine, 0.35)


def _tint(tones: Image.Image, palette: bytes) -> Image.Image:
    tones.putpalette(palette)
    return tones.convert("RGB")


def _slope(size: Size, upper: Colour, lower: Colour) -> Image.Image:
    column = Image.frombytes("L", (1, 2), bytes((0, 255))).resize((1, size[1]), Image.Resampling.BILINEAR)
    return _tint(column.resize(size, Image.Resampling.NEAREST), ramp((0, upper), (1, lower)))


def _ink(colour: Colour, gain: float = 1.0) -> tuple[int, int, int]:
    r, g, b = (max(0, min(255, round(channel * gain))) for channel in colour)
    return (r, g, b)


def grass(rng: Generator, size: Size) -> Image.Image:
    """Returns blades of grass."""
    green = pick_green(rng)
    image = _tint(_clouds(rng, size, 6), ramp((0, mix(green, (0, 0, 0), 0.75)), (1, green)))
    pen = ImageDraw.Draw(image)
    unit = min(size)
    lean = float(rng.uniform(-0.3, 0.3))
    blades = rng.random((int(rng.integers(60, 140)), 5))
    # Those in front stand lower and are lighter.
    for x, y, tall, side, gain in blades[np.argsort(blades[:, 1], kind="stable")].tolist():
        height, width = unit * (0.15 + 0.35 * tall), unit * (0.006 + 0.008 * gain)
        left, top = x * size[0], y * size[1] * 1.25
        sway = height * (lean + 0.7 * (side - 0.5))
        waist, tip = (left + sway * 0.35, top - height * 0.6), (left + sway, top - height)
        outline = ((left - width, top), (waist[0] - width * 0.8, waist[1]), tip, (waist[0] + width * 0.8, waist[1]))
        pen.polygon((*outline, (left + width, top)), fill=_ink(green, 0.45 + 0.5 * y + 0.5 * gain))
    return image


def foliage(rng: Generator, size: Size) -> Image.Image:
    """Returns leaves, side by side."""
    green = pick_green(rng)
    image = _tint(_clouds(rng, size, 5), ramp((0, mix(green, (0, 0, 0), 0.85)), (1, mix(green, (0, 0, 0), 0.3))))
    pen = ImageDraw.Draw(image)
    grain = float(rng.uniform(0.07, 0.18)) * min(size)
    for x, y, turn, gain in rng.random((int(rng.integers(20, 45)), 4)).tolist():
        c, s = math.cos(turn * math.tau) * grain, math.sin(turn * math.tau) * grain
        at = (x * size[0], y * size[1])
        outline = [
            (at[0] + c * a - s * b, at[1] + s * a + c * b)
            for a, b in ((-1, 0), (-0.5, 0.4), (0, 0.5), (0.5, 0.35), (1, 0), (0.5, -0.35), (0, -0.5), (-0.5, -0.4))
        ]
        tone = 0.5 + 0.8 * gain
        pen.polygon(outline, fill=_ink(green, tone))
        pen.line((*outline[0], *outline[4]), fill=_ink(green, tone * 1.25))
    return image


def soil(rng: Generator, size: Size) -> Image.Image:
    """Returns earth, sand, mulch or snow."""
    earths = ((104, 78, 56), (150, 124, 92), (70, 56, 48), (196, 178, 142), (226, 230, 236))
    earth = earths[int(rng.integers(len(earths)))]
    rough = Image.blend(_clouds(rng, size, 7), noise(rng, size, min(size) // 2), 0.4)
    return _tint(rough, ramp((0, mix(earth, (0, 0, 0), 0.6)), (0.5, earth), (1, mix(earth, (255, 255, 255), 0.3))))


def sky(rng: Generator, size: Size) -> Image.Image:
    """Returns sky with clouds, by day, at dusk or grey."""
    upper = ((60, 120, 200), (96, 156, 220), (168, 180, 192), (70, 76, 120), (238, 150, 96))[int(rng.integers(5))]
    lower = mix(upper, (250, 240, 226), float(rng.uniform(0.3, 0.8)))
    clouds = _clouds(rng, size, int(rng.integers(2, 5)), flat=2.0)
    cover = clouds.point([max(0, min(230, (tone - 110) * 3)) for tone in range(256)])
    image = _slope(size, upper, lower)
    image.paste(_ink(mix(lower, (255, 255, 255), 0.7)), (0, 0, *size), cover)
    return image


def wall(rng: Generator, size: Size) -> Image.Image:
    """Returns bricks, boards or plaster."""
    paints = ((150, 84, 66), (170, 150, 130), (206, 200, 190), (122, 92, 66), (96, 112, 128), (178, 196, 160), (60, 56, 60))
    paint = paints[int(rng.integers(len(paints)))]
    image = _tint(_clouds(rng, size, 9), ramp((0, mix(paint, (0, 0, 0), 0.3)), (1, mix(paint, (255, 255, 255), 0.2))))
    pen = ImageDraw.Draw(image)
    joint = _ink(mix(paint, (40, 36, 34) if rng.random() < 0.6 else (220, 214, 204), 0.6))
    pattern = int(rng.integers(4))
    course = min(size) * float(rng.uniform(0.08, 0.2))
    width = max(1, round(course * 0.08))
    if pattern == 0:
        for row in range(math.ceil(size[1] / course)):
            pen.line((0, row * course, size[0], row * course), fill=joint, width=width)
            start = course * (row % 2)
            for column in range(math.ceil(size[0] / course / 2)):
                x = start + column * course * 2
                pen.line((x, row * course, x, (row + 1) * course), fill=joint, width=width)
    elif pattern < 3:
        upright = pattern == 1
        for k in range(math.ceil(max(size) / course / 1.5)):
            at = k * course * 1.5
            pen.line((at, 0, at, size[1]) if upright else (0, at, size[0], at), fill=joint, width=width)
    return image


def studio(rng: Generator, size: Size) -> Image.Image:
    """Returns a plain background, sometimes with the edge of a table."""
    tones = ((18, 18, 20), (236, 234, 230), (120, 116, 112), (40, 60, 90), (190, 170, 180), (90, 40, 50))
    upper = tones[int(rng.integers(len(tones)))]
    image = _slope(size, upper, mix(upper, tones[int(rng.integers(len(tones)))], 0.5))
    if rng.random() < 0.4:
        line = round(size[1] * float(rng.uniform(0.55, 0.85)))
        table = pick_colour(rng, (((140, 100, 70), 0.5), ((226, 222, 214), 0.3), ((60, 50, 46), 0.2)))
        image.paste(_slope((size[0], size[1] - line), table, mix(table, (0, 0, 0), 0.3)), (0, line))
    return image


def meadow(rng: Generator, size: Size) -> Image.Image:
    """Returns a meadow with spots of colour."""
    green = pick_green(rng)
    image = _tint(_clouds(rng, size, 4), ramp((0, mix(green, (0, 0, 0), 0.6)), (1, mix(green, (230, 230, 170), 0.3))))
    pen = ImageDraw.Draw(image)
    unit = min(size)
    colours = [_ink(pick_colour(rng, ANY)) for _ in range(int(rng.integers(1, 4)))]
    for x, y, r in rng.random((int(rng.integers(6, 40)), 3)).tolist():
        reach = unit * (0.01 + 0.05 * r * y)
        at = (x * size[0], y * size[1])
        pen.ellipse(
            (at[0] - reach, at[1] - reach * 0.8, at[0] + reach, at[1] + reach * 0.8), fill=colours[int(r * 97) % len(colours)]
        )
    return image


def bokeh(rng: Generator, size: Size) -> Image.Image:
    """Returns discs of light, as a lens draws what is far out of focus."""
    dark = mix(pick_green(rng), (20, 24, 40), float(rng.uniform(0.2, 0.9)))
    image = _tint(_clouds(rng, size, 3), ramp((0, mix(dark, (0, 0, 0), 0.5)), (1, mix(dark, (255, 255, 220), 0.3))))
    pen = ImageDraw.Draw(image, "RGBA")
    unit = min(size)
    reach = unit * float(rng.uniform(0.04, 0.13))
    colours = [mix(pick_colour(rng, ANY), pick_green(rng), 0.35) for _ in range(3)]
    for x, y, r in rng.random((int(rng.integers(8, 24)), 3)).tolist():
        size_px, colour = reach * (0.7 + 0.6 * r), _ink(colours[int(r * 91) % 3])
        at = (x * size[0], y * size[1])
        pen.ellipse((at[0] - size_px, at[1] - size_px, at[0] + size_px, at[1] + size_px), fill=(*colour, 60 + round(110 * r)))
    return image


def field(rng: Generator, size: Size) -> Image.Image:
    """Returns a field up to the horizon, under the sky."""
    line = round(size[1] * float(rng.uniform(0.2, 0.6)))
    image = Image.new("RGB", size)
    image.paste(sky(rng, (size[0], max(2, line))), (0, 0))
    ground = (grass, meadow, soil)[int(rng.integers(3))](rng, (size[0], max(2, size[1] - line)))
    image.paste(ground, (0, line))
    pen = ImageDraw.Draw(image)
    trees = mix(pick_green(rng), (90, 110, 140), 0.4)
    unit = min(size) * float(rng.uniform(0.02, 0.12))
    for x, tall in rng.random((10, 2)).tolist():
        reach = unit * (0.4 + tall)
        at = x * size[0]
        pen.ellipse((at - reach * 1.4, line - reach, at + reach * 1.4, line + reach * 0.4), fill=_ink(trees, 0.6 + 0.3 * tall))
    return image


KINDS: tuple[tuple[Callable[[Generator, Size], Image.Image], float], ...] = (
    (grass, 0.17),
    (foliage, 0.15),
    (meadow, 0.17),
    (bokeh, 0.14),
    (soil, 0.08),
    (sky, 0.08),
    (wall, 0.08),
    (field, 0.08),
    (studio, 0.05),
)

NEAR = (grass, foliage, soil, wall)


def backdrop(rng: Generator, size: Size, hardness: float) -> tuple[Image.Image, bool]:
    """Returns a background of any kind, and whether it is near enough for a flower's shadow to fall on it.

    Args:
        size: (width, height) in pixels.
        hardness: 0..1; more of it means that it is in focus more often, and so distracts more.
    """
    draw = KINDS[int(np.searchsorted(np.cumsum([share for _, share in KINDS]), rng.random() * 0.999))][0]
    near = draw in NEAR
    # What is out of focus is drawn small and enlarged: cheaper than to blur it.
    blur = 1.0 if rng.random() < 0.7 * hardness else float(rng.choice((2.5, 4.0, 7.0)))
    if blur == 1.0:
        return draw(rng, size), near
    small = (max(8, round(size[0] / blur)), max(8, round(size[1] / blur)))
    return draw(rng, small).filter(ImageFilter.BoxBlur(0.9)).resize(size, Image.Resampling.BILINEAR), near
