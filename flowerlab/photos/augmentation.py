"""Augmentation with Pillow and NumPy: one code for the Data page, which has no TensorFlow, and for the trainer."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

AUGMENTATIONS: dict[str, str] = {
    "none": "Every epoch shows the photos as they are.",
    "flip": "Half of the photos, drawn anew in each epoch, are mirrored left to right.",
    "standard": "Photos are mirrored, turned by up to 15°, zoomed by 0.8 to 1.2, shifted by up to a tenth, "
    "and made a little brighter or darker, differently in each epoch.",
}
TURN_DEGREES = 15.0
ZOOM = (0.8, 1.2)
SHIFT = 0.1
LIGHT = 0.15

Photos = NDArray[np.uint8]


def augment(photos: Photos, how: str, rng: np.random.Generator) -> Photos:
    """Changes photos at random.

    Args:
        photos: uint8, (n, height, width, 3), RGB; left as they are.
        rng: Decides everything: the same state gives the same photos.

    Returns:
        uint8, of the same shape.

    Raises:
        ValueError: If there is no such augmentation.
    """
    if how not in AUGMENTATIONS:
        raise ValueError(f"There is no such augmentation. Expected one of {', '.join(AUGMENTATIONS)}. Received: {how!r}.")
    changed = np.array(photos, dtype=np.uint8)
    if how == "none":
        return changed
    mirrored = rng.random(len(changed)) < 0.5
    changed[mirrored] = changed[mirrored][:, :, ::-1]
    if how == "standard":
        for number, photo in enumerate(changed):
            changed[number] = _turned(photo, rng)
    return changed


def copy_of(photo: Photos, how: str, seed: int, number: int) -> Photos:
    """Returns one of the changed copies of a photo that a run with `augment_views` draws from.

    Args:
        photo: uint8, (height, width, 3), RGB.
        number: Tells this copy of this photo from all others.
    """
    copy: Photos = augment(photo[None], how, np.random.default_rng((seed, 2, number)))[0]
    return copy


def _turned(photo: Photos, rng: np.random.Generator) -> Photos:
    """Turns, zooms and shifts a photo in one affine step, mirrored at its borders, then changes its light."""
    height, width = photo.shape[:2]
    angle = math.radians(rng.uniform(-TURN_DEGREES, TURN_DEGREES))
    zoom = rng.uniform(*ZOOM)
    shift_x, shift_y = rng.uniform(-SHIFT, SHIFT, 2) * (width, height)
    brightness, contrast = rng.uniform(-LIGHT, LIGHT, 2)
    # The farthest that a corner can look outside: half a diagonal at the smallest zoom, plus the shift.
    border = math.ceil(0.5 * max(width, height))
    wide = np.pad(photo, ((border, border), (border, border), (0, 0)), mode="symmetric")
    cosine, sine = math.cos(angle) / zoom, math.sin(angle) / zoom
    centre_x, centre_y = width / 2, height / 2
    origin_x = border + centre_x - shift_x - cosine * centre_x - sine * centre_y
    origin_y = border + centre_y - shift_y + sine * centre_x - cosine * centre_y
    turned = Image.fromarray(wide).transform(
        (width, height), Image.Transform.AFFINE, (cosine, sine, origin_x, -sine, cosine, origin_y), Image.Resampling.BILINEAR
    )
    levels = (np.arange(256) - 127.5) * (1 + contrast) + 127.5 + 255 * brightness
    lit: Photos = np.clip(levels.round(), 0, 255).astype(np.uint8)[np.asarray(turned)]
    return lit
