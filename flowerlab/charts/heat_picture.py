"""Heat over a photo: pictures, and what they show in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.locale import _
from flowerlab.photos.heatmaps import Heat, scaled, share_by_place

# From cold to hot, each lighter than the one before: distinct without seeing colours.
INFERNO = np.asarray([(0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164)], dtype=np.float32)
# Of Okabe and Ito: the first looks more, the second looks more.
FIRST, SECOND = np.asarray((0, 114, 178), dtype=np.float32), np.asarray((230, 159, 0), dtype=np.float32)
# Of a map's highest value; where it is reached, a line is drawn.
CONTOUR = 0.5
# Places with less than this share of the heat are not named.
LEAST_NAMED = 0.15
MOST_NAMED = 3


def heat_over(photo: NDArray[np.uint8], heat: Heat, opacity: float) -> NDArray[np.uint8]:
    """Lays a heat map over a photo, with a white line around what has at least half of the highest heat.

    Args:
        photo: uint8, (height, width, 3), RGB.
        heat: float32, (height, width), 0 or more.
        opacity: 0 (the photo alone) to 1 (the map alone).
    """
    values = scaled(heat)
    colours = np.stack([np.interp(values, np.linspace(0, 1, len(INFERNO)), INFERNO[:, part]) for part in range(3)], axis=2)
    # Cold places cover less, so that one still sees what is there.
    mixed = _mixed(photo, colours, np.power(np.float32(opacity), 2 - values))
    return _outlined(mixed, values >= CONTOUR) if opacity > 0 and heat.any() else mixed


def difference_over(photo: NDArray[np.uint8], difference: Heat, opacity: float) -> NDArray[np.uint8]:
    """Lays a difference of two maps over a photo: blue where the first looks more, orange where the second does.

    The second's places are hatched, so that the two are distinct without colour.

    Args:
        photo: uint8, (height, width, 3), RGB.
        difference: float32, (height, width), −1..1, see `flowerlab.photos.heatmaps.difference`.
        opacity: 0..1, of the strongest places; weaker ones are fainter.
    """
    colours = np.where(difference[:, :, None] > 0, FIRST, SECOND)
    rows, columns = np.indices(difference.shape)
    hatched = (difference < 0) & ((rows + columns) % 8 < 2)
    colours = np.where(hatched[:, :, None], np.float32(20), colours)
    grey = np.repeat(photo.mean(axis=2, keepdims=True), 3, axis=2)
    return _mixed(grey, colours, opacity * np.sqrt(np.abs(difference)))


def _mixed(below: NDArray[Any], above: NDArray[Any], opacity: NDArray[Any]) -> NDArray[np.uint8]:
    share = opacity[:, :, None].astype(np.float32)
    return np.asarray((below * (1 - share) + above * share).round().clip(0, 255), dtype=np.uint8)


def _outlined(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> NDArray[np.uint8]:
    padded = np.pad(inside, 1, mode="edge")
    eroded = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.where((inside & ~eroded)[:, :, None], np.uint8(255), picture)


def heat_sentence(heat: Heat) -> str:
    """Says where most of a map's heat lies: `Most of the heat is in the middle (61 %), at the top (18 %).`, or that it is spread."""
    named = named_places(heat)
    if not named:
        return _("Nothing in the photo speaks for this class.")
    parts = [_("{place} ({share:.0f} %)").format(place=place, share=100 * share) for place, share in named]
    places = ", ".join(parts)
    if sum(share for _place, share in named) < 0.5:
        return _("The heat is spread over the photo, a little more of it {places}.").format(places=places)
    return _("Most of the heat is {places}.").format(places=places)


def named_places(heat: Heat) -> list[tuple[str, float]]:
    """Returns the places with most of a map's heat and their shares, the largest first; at most three, at least one if any."""
    if not heat.any():
        return []
    shares = share_by_place(heat).ravel()
    order = [int(place) for place in np.argsort(-shares, kind="stable")]
    kept = [place for place in order[:MOST_NAMED] if shares[place] >= LEAST_NAMED] or order[:1]
    return [(place_words()[place], float(shares[place])) for place in kept]


def difference_sentence(difference: Heat, first: str, second: str) -> str:
    """Says where each of two runs looks more than the other.

    Args:
        difference: See `flowerlab.photos.heatmaps.difference`.
        first, second: Names of the runs.
    """
    more = [named_places(np.maximum(side, 0)) for side in (difference, -difference)]
    if not any(more):
        return _("Both look at the same places.")
    texts = [
        _("{run} looks more {place}").format(run=run, place=places[0][0])
        for run, places in zip((first, second), more, strict=True)
        if places
    ]
    return "; ".join(texts) + "."


def place_words() -> list[str]:
    """Returns what the nine places of a photo are called, row by row from the upper left."""
    return [
        _("at the upper left"),
        _("at the top"),
        _("at the upper right"),
        _("at the left"),
        _("in the middle"),
        _("at the right"),
        _("at the lower left"),
        _("at the bottom"),
        _("at the lower right"),
    ]
