"""Patches: the pixels around a thing in its own coordinates, flat or polar.

Pictures must come out the same on every machine. So whatever is computed for each pixel uses only operations that IEEE 754
rounds exactly (add, multiply, divide, square root) or integers; sines live in small rounded tables.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Indexes = NDArray[np.intp]
Window = tuple[slice, slice]

EVERYWHERE: Window = (slice(None), slice(None))

ANGLES = 1024
ALONG = 256
# How far a flower may rise out of its plane: room that a tilted patch keeps.
RISE = 0.3


def _true_angles() -> NDArray[np.float64]:
    """Returns the angle in radians that stands at each place of an angle table."""
    place = np.arange(ANGLES) * (4.0 / ANGLES)
    u = np.where(place < 2, 1 - place, place - 3)
    v = np.where(place < 2, 1 - np.abs(u), np.abs(u) - 1)
    return np.round(np.arctan2(v, u) % math.tau, 9)


# Angle tables hold a value for each of ANGLES directions. The step between them is the "diamond angle", which needs no
# arctangent for each pixel; TURNS gives the true angle, counter-clockwise from the u axis.
TURNS = _true_angles()


@dataclass(frozen=True)
class Patch:
    """The pixels around one thing, in its own coordinates: origin in its middle, radius 1.

    Args:
        left, top: Where it begins on the canvas, in pixels.
        step: Canvas pixels for each pixel of the patch; large smooth things are painted coarsely and enlarged.
        u: float32, (height, width), to the right of the thing.
        v: float32, (height, width), upwards.
        pixel: Size of a pixel of the patch in these coordinates.
        lean: (u, v) by which a point that rises one unit out of the plane of the thing moves in it.
    """

    left: float
    top: float
    step: float
    u: Floats
    v: Floats
    pixel: float
    lean: tuple[float, float] = (0.0, 0.0)

    def raised(self, height: float) -> Patch:
        """Returns the same pixels in the coordinates of a plane that lies `height` above this one."""
        if not height or self.lean == (0.0, 0.0):
            return self
        return replace(self, u=self.u - np.float32(height * self.lean[0]), v=self.v - np.float32(height * self.lean[1]))

    def inside(self, reach: float) -> tuple[Patch, Window]:
        """Returns the part that holds every point nearer than `reach` to the middle, and where it lies in this patch."""
        near = np.less(self.u * self.u + self.v * self.v, np.float32(reach * reach))
        rows, columns = _extent(np.any(near, axis=1)), _extent(np.any(near, axis=0))
        left, top = self.left + columns.start * self.step, self.top + rows.start * self.step
        part = replace(self, left=left, top=top, u=self.u[rows, columns], v=self.v[rows, columns])
        return part, (rows, columns)


def _extent(flags: NDArray[np.bool_]) -> slice:
    places = np.flatnonzero(flags)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)


def place(
    size: tuple[int, int],
    centre: tuple[float, float],
    radius_px: float,
    *,
    turn: float = 0.0,
    tilt: float = 0.0,
    towards: float = 0.0,
    reach: float = 1.05,
    detail_px: float = 64.0,
) -> Patch | None:
    """Lays a thing onto the canvas.

    Args:
        size: (width, height) of the canvas in pixels.
        centre: (x, y) of its middle in pixels.
        radius_px: What 1 is in its own coordinates.
        turn: Counter-clockwise, in radians, about its own axis.
        tilt: Angle in radians between its axis and the line to the camera; 0 is seen from the front.
        towards: Direction on the canvas in which its axis falls over, in radians, counter-clockwise from right.
        reach: Radius of what is painted, in its own coordinates.
        detail_px: Largest radius at which it is painted pixel by pixel; a larger one is painted so and enlarged.

    Returns:
        The pixels it may cover; None if none of them is on the canvas.
    """
    squash = max(math.cos(tilt), 0.12)
    c, s = math.cos(towards), math.sin(towards)
    rise = math.sin(tilt)
    half_x = radius_px * reach * (math.hypot(squash * c, s) + RISE * rise * abs(c))
    half_y = radius_px * reach * (math.hypot(squash * s, c) + RISE * rise * abs(s))
    left, right = max(0, math.floor(centre[0] - half_x)), min(size[0], math.ceil(centre[0] + half_x))
    top, bottom = max(0, math.floor(centre[1] - half_y)), min(size[1], math.ceil(centre[1] + half_y))
    if right - left < 2 or bottom - top < 2:
        return None
    step = max(1.0, radius_px / detail_px)
    columns, rows = math.ceil((right - left) / step), math.ceil((bottom - top) / step)
    x = (((np.arange(columns) + 0.5) * step + left - centre[0]) / radius_px).astype(np.float32)[None, :]
    y = ((centre[1] - top - (np.arange(rows) + 0.5) * step) / radius_px).astype(np.float32)[:, None]
    # Undo the foreshortening along `towards`, then turn back by `turn`.
    a, b = c * c / squash + s * s, c * s / squash - c * s
    d = s * s / squash + c * c
    ct, st = math.cos(turn), math.sin(turn)
    m = np.round([ct * a + st * b, ct * b + st * d, -st * a + ct * b, -st * b + ct * d], 6).astype(np.float32)
    lean = (round(rise / squash * math.cos(towards - turn), 6), round(rise / squash * math.sin(towards - turn), 6))
    pixel = step / (radius_px * math.sqrt(squash))
    return Patch(float(left), float(top), step, m[0] * x + m[1] * y, m[2] * x + m[3] * y, pixel, lean)


@dataclass(frozen=True)
class Polar:
    """A patch in polar coordinates.

    Args:
        r: float32, (height, width), distance from the middle.
        direction: intp, (height, width), index into angle tables.
    """

    r: Floats
    direction: Indexes
    pixel: float

    def along(self, table: Floats) -> Floats:
        """Returns each pixel's value in an angle table of length `ANGLES`."""
        return table.take(self.direction)


def polar(patch: Patch) -> Polar:
    """Returns a patch in polar coordinates."""
    size = np.abs(patch.u) + np.abs(patch.v) + np.float32(1e-6)
    p = patch.u / size
    # 1 - p above the u axis, 3 + p below it.
    diamond = 2 - np.copysign(1 + p, patch.v)
    direction = (diamond * np.float32(ANGLES / 4)).astype(np.intp) & (ANGLES - 1)
    return Polar(np.sqrt(patch.u * patch.u + patch.v * patch.v), direction, patch.pixel)


def cover(distance: Floats, pixel: float) -> Floats:
    """Returns how much of each pixel lies inside an outline: 0..1, from the signed distance to it (inside is positive)."""
    inside = distance * np.float32(1 / pixel)
    inside += np.float32(0.5)
    return inside.clip(0, 1, out=inside)
