"""Heat maps over photos: put where they belong, and compared."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flowerlab.photos.reading import LECTURE_HEIGHT, LECTURE_WIDTH

Heat = NDArray[np.float32]


def in_photo(heat: Heat, height_px: int, width_px: int, resize: str) -> Heat:
    """Spreads a map of the network's square over the photo that the square was made of.

    Args:
        heat: float32, (rows, columns), 0 or more, of the whole square.
        resize: How the square was made, see `flowerlab.photos.reading.RESIZE_MODES`.

    Returns:
        float32, (height_px, width_px); 0 where the network saw nothing of the photo.
    """
    if resize == "squash":
        return _stretched(heat, height_px, width_px)
    found = np.zeros((height_px, width_px), dtype=np.float32)
    if resize == "crop":
        side = min(height_px, width_px)
        top, left = (height_px - side) // 2, (width_px - side) // 2
        found[top : top + side, left : left + side] = _stretched(heat, side, side)
        return found
    if resize == "pad":
        side = max(height_px, width_px)
        top, left = (side - height_px) // 2, (side - width_px) // 2
        return _stretched(heat, side, side)[top : top + height_px, left : left + width_px]
    if resize == "lecture":
        # The canvas, as large as it is where the photo has its own size.
        share = min(1.0, LECTURE_WIDTH / width_px, LECTURE_HEIGHT / height_px)
        canvas = _stretched(heat, LECTURE_HEIGHT, LECTURE_WIDTH)
        shown = canvas[: max(1, round(height_px * share)), : max(1, round(width_px * share))]
        return shown if share == 1 else _stretched(shown, height_px, width_px)
    raise ValueError(f"There is no such resize mode. Received: {resize!r}.")


def _stretched(heat: Heat, height_px: int, width_px: int) -> Heat:
    picture = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32))
    return np.asarray(picture.resize((width_px, height_px), Image.Resampling.BILINEAR), dtype=np.float32)


def scaled(heat: Heat) -> Heat:
    """Returns a map whose highest value is 1; one that is 0 everywhere stays so."""
    highest = float(heat.max(initial=0.0))
    return heat / highest if highest > 0 else heat


def difference(first: Heat, second: Heat) -> Heat:
    """Returns where the first looks more (above 0) and where the second does (below 0), −1..1.

    Each counts by the share of its own heat, as the scores that two networks explain have no common unit.

    Args:
        first, second: float32, (height, width), 0 or more, of one shape.
    """
    shares = [heat / total if (total := float(heat.sum())) > 0 else heat for heat in (first, second)]
    found: Heat = (shares[0] - shares[1]).astype(np.float32)
    largest = float(np.abs(found).max(initial=0.0))
    return found / largest if largest > 0 else found


def share_by_place(heat: Heat) -> NDArray[np.float64]:
    """Returns how a map's heat is spread over the nine places of a photo: float64, (3, 3), rows from above; 0 without heat."""
    total = float(heat.sum())
    rows = np.array_split(np.arange(heat.shape[0]), 3)
    columns = np.array_split(np.arange(heat.shape[1]), 3)
    shares = [[float(heat[np.ix_(row, column)].sum()) for column in columns] for row in rows]
    return np.asarray(shares, dtype=np.float64) / (total if total > 0 else 1.0)
