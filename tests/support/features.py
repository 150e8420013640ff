"""Kept features, in small."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowerlab.features.cache import KeptFeatures
from flowerlab.features.sets import About

ROWS = np.arange(40, dtype=np.float16).reshape(10, 4)


def about(shape: tuple[int, ...] = ROWS.shape, **more: Any) -> About:
    """What a small set says of itself."""
    given = {"prepared": "p", "architecture": "vgg16", "cut": 13, "precision": "float32", "origins": ("imagenet",), **more}
    return About(shape=shape, **given)


def keep(kept: KeptFeatures, key: str, rows: np.ndarray = ROWS) -> None:
    """Writes a set in two parts."""
    with kept.making(key, about(rows.shape), rows.dtype) as write:
        write(rows[: len(rows) // 2])
        write(rows[len(rows) // 2 :])
