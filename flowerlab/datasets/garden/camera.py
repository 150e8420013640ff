"""What light and camera do to a scene: exposure, white balance, shade, blur and sensor noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageChops, ImageEnhance, ImageFilter

from flowerlab.datasets.garden.backdrop import noise

# As wide as the widest picture.
GRAIN_SIDE = 640
GRAIN_LEVELS = 4


@lru_cache(maxsize=GRAIN_LEVELS)
def _grain(level: int) -> Image.Image:
    rng = np.random.default_rng([11, level])
    common = rng.standard_normal((GRAIN_SIDE, GRAIN_SIDE, 1)) * (2.5 * level)
    own = rng.standard_normal((GRAIN_SIDE, GRAIN_SIDE, 3)) * (1.5 * level)
    return Image.fromarray(np.clip(np.round(128 + common + own), 0, 255).astype(np.uint8))


def _development(rng: Generator, hardness: float) -> list[int]:
    """Returns what film and white balance make of each value of each channel."""
    spread = 0.4 + 0.9 * hardness
    exposure = 1 + 0.16 * spread * float(rng.standard_normal())
    contrast = 1 + 0.14 * spread * float(rng.standard_normal())
    gains = exposure * (1 + (0.1 + 0.02 * spread) * rng.standard_normal(3))
    table = ((np.arange(256) - 110) * contrast + 110) * gains[:, None]
    return table.round(6).clip(0, 255).astype(np.uint8).ravel().tolist()


def photograph(rng: Generator, scene: Image.Image, hardness: float) -> Image.Image:
    """Returns a photo of a scene: RGB, of the same size; `hardness` as in `flowerlab.datasets.garden.scene.paint_scene`."""
    photo = scene
    if rng.random() < 0.25 + 0.45 * hardness:
        # Shade of trees, of clouds, or of the photographer.
        cells = int(rng.integers(2, 6))
        depth = float(rng.uniform(0.2, 0.4 + 0.35 * hardness))
        dark = [round(255 * (1 - depth * max(0.0, min(1.0, (tone - 90) / 80)))) for tone in range(256)]
        shade = noise(rng, scene.size, cells).point(dark)
        photo = ImageChops.multiply(photo, Image.merge("RGB", (shade, shade, shade)))
    # Old films, haze and vivid phones: colours fade or glow.
    photo = ImageEnhance.Color(photo).enhance(float(rng.uniform(max(0.35, 0.7 - 2.0 * hardness), 1.3)))
    photo = photo.point(_development(rng, hardness))
    if rng.random() < 0.2 + 0.5 * hardness:
        photo = photo.filter(ImageFilter.BoxBlur(float(rng.uniform(0.2, 0.5 + 1.2 * hardness)) * min(scene.size) / 192))
    level = int(rng.integers(0, 2 + round(2.4 * hardness)))
    if level:
        x, y = (int(place) for place in rng.integers(0, GRAIN_SIDE, 2))
        grain = ImageChops.offset(_grain(min(level, GRAIN_LEVELS)), x, y).crop((0, 0, *photo.size))
        photo = ImageChops.add(photo, grain, 1, -128)
    return photo
