"""A whole picture: how many flowers of a kind stand where, in which pose, among what."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from flowerlab.datasets.garden.backdrop import backdrop
from flowerlab.datasets.garden.camera import photograph
from flowerlab.datasets.garden.canvas import Canvas, Colour, ramp
from flowerlab.datasets.garden.colours import ANY, USUAL, Pose, pick_colour
from flowerlab.datasets.garden.cups import open_tulip, rose, tulip
from flowerlab.datasets.garden.greenery import insect, leaf, pick_green, stem, stone
from flowerlab.datasets.garden.heads import daisy, dandelion, seed_ball_head, sunflower
from flowerlab.datasets.garden.patch import Patch, cover, place, polar
from flowerlab.datasets.garden.rosebuds import rosebud

ASPECTS = ((1, 1), (4, 3), (4, 3), (4, 3), (3, 2), (3, 2), (3, 4), (2, 3), (16, 9))
MOST_FLOWERS = 9
SHADE = ramp((0, (12, 14, 16)), (1, (12, 14, 16)))


class Painter(NamedTuple):
    """One way in which a species shows itself.

    Args:
        share: How often it comes, among the ways of its species.
        tilt: Least and greatest angle between its axis and the line to the camera, in radians.
        upright: Whether it is painted as seen from the side, standing on its stem.
        detail_px: See `place`.
    """

    paint: Callable[[Canvas, Patch, Generator, Colour, Pose], None]
    share: float
    tilt: tuple[float, float]
    upright: bool = False
    detail_px: float = 64.0


PAINTERS: dict[str, tuple[Painter, ...]] = {
    "dandelion": (Painter(dandelion, 0.66, (0.0, 0.95), detail_px=90.0), Painter(seed_ball_head, 0.34, (0.0, 0.0), detail_px=90.0)),
    "daisy": (Painter(daisy, 1.0, (0.0, 1.15)),),
    "tulips": (Painter(tulip, 0.8, (0.0, 0.0), upright=True), Painter(open_tulip, 0.2, (0.0, 0.7))),
    "sunflowers": (Painter(sunflower, 1.0, (0.0, 1.1)),),
    "roses": (Painter(rose, 0.78, (0.0, 0.95), detail_px=60.0), Painter(rosebud, 0.22, (0.0, 0.0), upright=True)),
}
LEAVES = {"dandelion": "toothed", "daisy": "lance", "tulips": "blade", "sunflowers": "heart", "roses": "oval"}


class Flower(NamedTuple):
    """Where one flower stands.

    Args:
        x, y: Of the middle of its head, in pixels.
        radius: Of its head, in pixels.
        detail_px: Most pixels that its radius is painted with; few show it out of focus.
    """

    x: float
    y: float
    radius: float
    detail_px: float = math.inf


def paint_scene(rng: Generator, species: str, short_px: int, hardness: float) -> Canvas:
    """Paints a picture of one species; returns it, photographed, with the mask of its flowers.

    Args:
        hardness: 0..1, the square of the difficulty, see `flowerlab.datasets.garden.pictures.draw`.
    """
    across, down = ASPECTS[int(rng.integers(len(ASPECTS)))]
    unit = short_px / min(across, down)
    size = (round(across * unit), round(down * unit))
    background, near = backdrop(rng, size, hardness)
    canvas = Canvas(background)
    flowers = _focus(rng, _arrange(rng, size, hardness))
    look = _Look.choose(rng, species, hardness)
    _ground(canvas, rng, hardness)
    for flower in flowers:
        _stem_and_leaves(canvas, rng, flower, species, look)
    sunny = near and rng.random() < 0.6
    for flower in flowers:
        if sunny:
            _shadow(canvas, flower, look)
        _head(canvas, rng, flower, look, hardness)
    _in_front(canvas, rng, flowers, hardness)
    canvas.image = photograph(rng, canvas.image, hardness)
    return canvas


class _Look(NamedTuple):
    """What the flowers of one picture have in common."""

    painter: Painter
    colours: tuple[Colour, ...]
    green: Colour
    light: tuple[float, float]
    towards: float
    tilt: float

    @classmethod
    def choose(cls, rng: Generator, species: str, hardness: float) -> _Look:
        ways = PAINTERS[species]
        painter = ways[int(np.searchsorted(np.cumsum([way.share for way in ways]), rng.random() * 0.999))]
        palette = ANY if rng.random() < 0.75 + 2.0 * hardness else USUAL[species]
        colours = tuple(pick_colour(rng, palette) for _ in range(1 if rng.random() < 0.7 else 2))
        angle, strength = float(rng.uniform(0, math.tau)), float(rng.uniform(0.0, 0.22))
        least, most = painter.tilt
        tilt = least + (most - least) * float(rng.random()) * (0.35 + 0.65 * hardness)
        return cls(
            painter,
            colours,
            pick_green(rng),
            (strength * math.cos(angle), strength * math.sin(angle)),
            math.pi / 2 + float(rng.normal(0, 0.8)),
            tilt,
        )


def _arrange(rng: Generator, size: tuple[int, int], hardness: float) -> list[Flower]:
    """Places the flowers, the farthest first."""
    unit = min(size)
    dice = float(rng.random())
    if dice < 0.8 - 0.7 * hardness:
        count, least, most = 1, 0.34, 0.56
    elif dice < 1 - 0.4 * hardness:
        count, least, most = int(rng.integers(1, 5)), 0.19, 0.34
    else:
        count, least, most = int(rng.integers(4, MOST_FLOWERS + 1)), 0.1, 0.18
    base = unit * float(rng.uniform(least, most)) * (1.1 - 0.4 * hardness)
    flowers: list[Flower] = []
    for _ in range(count * 3):
        radius = base * float(rng.uniform(0.75, 1.15))
        spread = 0.1 + 0.2 * hardness if count == 1 else 0.42
        x = size[0] * (0.5 + spread * float(rng.uniform(-1, 1)))
        y = size[1] * (0.46 + spread * 0.9 * float(rng.uniform(-1, 1)))
        if all(math.hypot(x - other.x, y - other.y) > 0.75 * (radius + other.radius) for other in flowers):
            flowers.append(Flower(x, y, radius))
        if len(flowers) == count:
            break
    return sorted(flowers, key=lambda flower: flower.y)


def _focus(rng: Generator, flowers: list[Flower]) -> list[Flower]:
    """Leaves the farthest of several flowers out of focus, now and then."""
    if len(flowers) < 2 or rng.random() < 0.65:
        return flowers
    blurred = int(rng.integers(1, len(flowers)))
    detail_px = float(rng.uniform(8.0, 16.0))
    return [flower._replace(detail_px=detail_px) for flower in flowers[:blurred]] + flowers[blurred:]


def _shadow(canvas: Canvas, flower: Flower, look: _Look) -> None:
    """Lets a head throw its shadow onto what is close behind it, away from the light."""
    away = (flower.x - look.light[0] * flower.radius * 2.5, flower.y + look.light[1] * flower.radius * 2.5)
    # Painted coarsely: a shadow has no sharp edge.
    patch = place(canvas.size, away, flower.radius, reach=1.1, detail_px=10.0)
    if patch is not None:
        dark = cover(np.float32(0.85) - polar(patch).r, 0.35) * np.float32(0.45)
        canvas.paint(patch, dark, np.zeros_like(dark), SHADE, flower=False, cast=True)


def _ground(canvas: Canvas, rng: Generator, hardness: float) -> None:
    """Scatters what lies behind the flowers."""
    width, height = canvas.size
    for _ in range(int(rng.integers(0, 3 + round(3 * hardness)))):
        at = (float(rng.uniform(0, width)), float(rng.uniform(0.5, 1)) * height)
        if rng.random() < 0.3:
            stone(canvas, rng, at, min(canvas.size) * float(rng.uniform(0.03, 0.12)))
        else:
            kind = ("lance", "heart", "toothed", "oval")[int(rng.integers(4))]
            leaf(
                canvas,
                rng,
                kind=kind,
                foot=at,
                length_px=min(canvas.size) * float(rng.uniform(0.15, 0.5)),
                direction=float(rng.uniform(0, math.tau)),
                green=pick_green(rng),
            )


def _stem_and_leaves(canvas: Canvas, rng: Generator, flower: Flower, species: str, look: _Look) -> None:
    height = canvas.size[1]
    if look.painter.upright or rng.random() < 0.8:
        foot = (flower.x + flower.radius * float(rng.normal(0, 0.5)), max(height * 1.02, flower.y + flower.radius * 2))
        top = (flower.x, flower.y + (flower.radius * 0.85 if look.painter.upright else 0))
        thick = flower.radius * {"sunflowers": 0.16, "tulips": 0.15}.get(species, 0.1)
        stem(canvas, top, foot, bend_px=flower.radius * float(rng.normal(0, 0.25)), width_px=max(1.5, thick), green=look.green)
        for _ in range(int(rng.integers(species == "tulips", 3))):
            down = float(rng.uniform(0.25, 0.9))
            at = (top[0] + (foot[0] - top[0]) * down, top[1] + (foot[1] - top[1]) * down)
            steep = species == "tulips"
            side = 1 if rng.random() < 0.5 else -1
            direction = math.pi / 2 - side * float(rng.uniform(0.15, 0.5) if steep else rng.uniform(0.4, 1.5))
            leaf(
                canvas,
                rng,
                kind=LEAVES[species],
                foot=at,
                green=look.green,
                direction=direction,
                length_px=flower.radius * float(rng.uniform(1.0, 2.2)),
            )


def _head(canvas: Canvas, rng: Generator, flower: Flower, look: _Look, hardness: float) -> None:
    painter = look.painter
    tilt = min(max(look.tilt + float(rng.normal(0, 0.15)), painter.tilt[0]), painter.tilt[1])
    turn = float(rng.normal(0, 0.12 + 0.15 * hardness)) if painter.upright else float(rng.uniform(0, math.tau))
    patch = place(
        canvas.size,
        (flower.x, flower.y),
        flower.radius,
        turn=turn,
        tilt=tilt,
        towards=look.towards + float(rng.normal(0, 0.25)),
        detail_px=min(painter.detail_px, flower.detail_px),
    )
    colour = look.colours[int(rng.integers(len(look.colours)))]
    # Every head draws from its own stream, so that one out of the picture changes nothing in the others.
    own = np.random.default_rng(int(rng.integers(2**63)))
    if patch is not None:
        cos, sin = math.cos(turn), math.sin(turn)
        light = (look.light[0] * cos + look.light[1] * sin, look.light[1] * cos - look.light[0] * sin)
        painter.paint(canvas, patch, own, colour, Pose(tilt, light))


def _in_front(canvas: Canvas, rng: Generator, flowers: list[Flower], hardness: float) -> None:
    """Hides a little of the flowers behind blades, leaves and insects."""
    width, height = canvas.size
    unit = min(canvas.size)
    if rng.random() < 0.1 + 0.45 * hardness:
        for _ in range(int(rng.integers(1, 4))):
            kind = "lance" if rng.random() < 0.7 else "oval"
            length = unit * float(rng.uniform(0.3, 0.9))
            leaf(
                canvas,
                rng,
                kind=kind,
                foot=(float(rng.uniform(0, width)), height * float(rng.uniform(0.9, 1.1))),
                length_px=length * (1.0 if kind == "lance" else 0.5),
                direction=math.pi / 2 + float(rng.normal(0, 0.4)),
                green=pick_green(rng),
                # What is right before the lens is out of focus.
                detail_px=10.0 if rng.random() < 0.4 else 32.0,
            )
    if flowers and rng.random() < 0.06 + 0.1 * hardness:
        host = flowers[int(rng.integers(len(flowers)))]
        at = (host.x + host.radius * float(rng.normal(0, 0.5)), host.y + host.radius * float(rng.normal(0, 0.5)))
        insect(canvas, rng, at, max(6, round(unit * float(rng.uniform(0.06, 0.13)))))
