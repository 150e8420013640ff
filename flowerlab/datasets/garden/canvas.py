"""Paint and canvas: coats of paint on a patch, palettes of colours, the picture and the mask of its flower."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flowerlab.datasets.garden.patch import EVERYWHERE, Floats, Patch, Window

Colour = tuple[float, float, float]

# Less paint than this is none.
BARELY = np.float32(1 / 512)


@dataclass
class Coat:
    """Paint of one ramp on one patch of shape (height, width): how much of each pixel it covers, and how light it is there."""

    shape: tuple[int, int]
    alpha: Floats = field(init=False)
    shade: Floats = field(init=False)
    bare: bool = field(init=False)

    def __post_init__(self) -> None:
        self.alpha = np.zeros(self.shape, dtype=np.float32)
        self.shade = np.full(self.shape, 0.4, dtype=np.float32)
        self.bare = True

    def add(self, alpha: Floats, shade: Floats, window: Window = EVERYWHERE) -> None:
        """Lays paint over what is there."""
        under, tone = self.alpha[window], self.shade[window]
        if self.bare:
            self.bare = False
            # The first paint gives its shade to all pixels, so that half-covered edges have no dark fringe.
            tone[...] = shade
        else:
            # Where nothing lies under an edge, the new paint alone gives its shade: no fringe around the flower.
            np.maximum(under, alpha, out=under)
            tone += (shade - tone) * (alpha / np.maximum(under, BARELY))
        np.maximum(under, alpha, out=under)


@lru_cache(maxsize=64)
def _weights(places: tuple[float, ...]) -> NDArray[np.float64]:
    """Returns how much each stop gives to each of 256 shades: (256, stops)."""
    shades = np.arange(256) / 255
    return np.stack([np.interp(shades, places, row) for row in np.eye(len(places))], axis=1)


def ramp(*stops: tuple[float, Colour]) -> bytes:
    """Returns a palette of 256 colours that passes through (shade 0..1, colour 0..255) in order of shade."""
    channels = _weights(tuple(shade for shade, _ in stops)) @ np.array([colour for _, colour in stops])
    palette: NDArray[np.uint8] = channels.round(3).clip(0, 255).astype(np.uint8)
    return palette.tobytes()


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Returns the colour between two: `share` 0 is the first, 1 the second."""
    return (one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share, one[2] + (other[2] - one[2]) * share)


@lru_cache(maxsize=64)
def dyed(colour: Colour, *, shadow: Colour = (30, 20, 35), light: Colour = (255, 255, 250)) -> bytes:
    """Returns the palette of a thing of one colour: its shadows at 0, itself at 0.62, its lights at 1."""
    return ramp(
        (0, mix(mix(colour, shadow, 0.55), (0, 0, 0), 0.4)),
        (0.3, mix(colour, shadow, 0.38)),
        (0.62, colour),
        (1, mix(colour, light, 0.5)),
    )


class Canvas:
    """A picture that is being painted, with the mask of its flower.

    Args:
        image: RGB; painted on in place.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.mask = Image.new("L", image.size, 0)
        self.in_bloom = False

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.image.size

    def paint(self, patch: Patch, alpha: Floats, shade: Floats, palette: bytes, *, flower: bool, cast: bool = False) -> None:
        """Lays a coat of paint onto the picture.

        Args:
            alpha: float32, (height, width), 0..1, how much of each pixel is covered.
            shade: float32, (height, width), place in the palette, 0..1.
            flower: Whether this is part of the flower that the mask shows; if not, it hides what is under it.
            cast: Whether this is a shadow, which hides nothing.
        """
        tones = self._fit(patch, _grey((shade * np.float32(255)).clip(0, 255)))
        stencil = self._fit(patch, _grey(alpha * np.float32(255)))
        if tones is None or stencil is None:
            return
        place = (math.ceil(patch.left), math.ceil(patch.top))
        tones.putpalette(palette)
        self.image.paste(tones.convert("RGB"), place, stencil)
        if flower or (self.in_bloom and not cast):
            self.mask.paste(255 if flower else 0, (*place, place[0] + stencil.width, place[1] + stencil.height), stencil)
            self.in_bloom = True

    def claim(self, patch: Patch, alpha: Floats) -> None:
        """Adds to the mask what belongs to the flower though one sees through it: `alpha` is float32, (height, width), 0..1."""
        stencil = self._fit(patch, _grey(alpha * np.float32(255)))
        if stencil is not None:
            left, top = math.ceil(patch.left), math.ceil(patch.top)
            self.mask.paste(255, (left, top, left + stencil.width, top + stencil.height), stencil)
            self.in_bloom = True

    def _fit(self, patch: Patch, image: Image.Image) -> Image.Image | None:
        """Enlarges an image of a patch to the pixels that it covers on the canvas; None if there are none."""
        if patch.step == 1:
            return image
        x, y, step = patch.left, patch.top, patch.step
        left, top = math.ceil(x), math.ceil(y)
        right = min(self.size[0], math.floor(x + image.width * step))
        bottom = min(self.size[1], math.floor(y + image.height * step))
        if right <= left or bottom <= top:
            return None
        box = ((left - x) / step, (top - y) / step, (right - x) / step, (bottom - y) / step)
        return image.resize((right - left, bottom - top), Image.Resampling.BILINEAR, box)


def _grey(tones: Floats) -> Image.Image:
    """Returns an image of mode L of an array of 0..255, (height, width)."""
    return Image.frombytes("L", (tones.shape[1], tones.shape[0]), tones.astype(np.uint8).tobytes())
