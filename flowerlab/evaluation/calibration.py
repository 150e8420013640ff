"""Calibration: whether answers that are 80 % sure are right in 80 of 100 cases, and what a temperature mends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.arrays import Labels, Places, Probabilities

BINS = 15
# Temperatures that are tried: a quarter to four, in small equal ratios.
TEMPERATURES = np.exp(np.linspace(math.log(0.25), math.log(4.0), 161))
SMALLEST = 1e-12
# Losses that differ by less differ in their rounding alone.
EQUAL_LOSSES = 1e-9


@dataclass(frozen=True)
class Bin:
    """Photos whose highest probability lies in one stretch.

    Args:
        low, high: The stretch, 0..1; `low` is not in it, `high` is.
        confidence: Their mean highest probability; NaN if there are none.
        accuracy: Share of them that is right; NaN if there are none.
    """

    low: float
    high: float
    photos: int
    confidence: float
    accuracy: float


def reliability(probabilities: Probabilities, truth: Labels, *, bins: int = BINS) -> list[Bin]:
    """Returns the reliability diagram: accuracy over confidence, in stretches of equal width."""
    highest = probabilities.max(axis=1, initial=0.0).astype(np.float64)
    right = probabilities.argmax(axis=1) == truth if len(truth) else np.zeros(0, dtype=bool)
    places = _bins_of(highest, bins)
    found = []
    for place in range(bins):
        inside = places == place
        photos = int(inside.sum())
        found.append(
            Bin(
                place / bins,
                (place + 1) / bins,
                photos,
                float(highest[inside].mean()) if photos else math.nan,
                float(right[inside].mean()) if photos else math.nan,
            )
        )
    return found


def _bins_of(highest: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    return np.clip(np.ceil(highest * bins).astype(np.int64) - 1, 0, bins - 1)


def photos_in_bin(probabilities: Probabilities, truth: Labels, place: int, *, bins: int = BINS) -> Places:
    """Returns the photos of bin number `place` (0-based), those that were named wrongly first, then the surest."""
    highest = probabilities.max(axis=1, initial=0.0).astype(np.float64)
    inside = np.flatnonzero(_bins_of(highest, bins) == place)
    right = probabilities[inside].argmax(axis=1) == truth[inside] if len(inside) else np.zeros(0, dtype=bool)
    return inside[np.lexsort((-highest[inside], right))]


def calibration_error(probabilities: Probabilities, truth: Labels, *, bins: int = BINS) -> float:
    """Returns the expected calibration error (Guo et al. 2017): how far confidence and accuracy lie apart, 0..1.

    Each bin's |accuracy − mean probability| counts by its share of the photos, of which there must be one.
    """
    found = [one for one in reliability(probabilities, truth, bins=bins) if one.photos]
    return sum(one.photos * abs(one.accuracy - one.confidence) for one in found) / len(truth)


def widest_gap(bins: Sequence[Bin]) -> Bin | None:
    """Returns the bin that adds most to the calibration error, photos × |accuracy − confidence|; None if no bin has photos.

    Of equal ones the surest.
    """
    filled = [one for one in bins if one.photos]
    return max(filled, key=lambda one: (one.photos * abs(one.accuracy - one.confidence), one.high), default=None)


def tempered(probabilities: Probabilities, temperature: float) -> NDArray[np.float64]:
    """Returns softmax(log p / T): what the network would have said with all logits divided by T: less sure above 1."""
    logits = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    powers = np.exp(logits)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def tempered_one(probabilities: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Returns one answer (a probability per class) with a temperature, see `tempered`."""
    return tuple(float(share) for share in tempered(np.asarray([probabilities]), temperature)[0])


def best_temperature(probabilities: Probabilities, truth: Labels) -> float:
    """Returns the temperature (of `TEMPERATURES`) with the smallest mean negative log likelihood on these photos, one or more.

    Of several that fit equally well, as where all answers are even ones, it is the one nearest to 1, which changes least.
    """
    places = np.arange(len(truth))
    losses = np.array([-np.log(np.maximum(tempered(probabilities, t)[places, truth], SMALLEST)).mean() for t in TEMPERATURES])
    equal = np.flatnonzero(losses <= losses.min() + EQUAL_LOSSES)
    return float(TEMPERATURES[equal[np.abs(np.log(TEMPERATURES[equal])).argmin()]])


def at_the_end(temperature: float) -> bool:
    """Whether a temperature is the lowest or the highest that is tried: a further one might fit better still."""
    return math.isclose(temperature, TEMPERATURES[0]) or math.isclose(temperature, TEMPERATURES[-1])
