"""Intervals of shares and of their differences: how much of a figure is chance."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson_interval(right: int, total: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Returns the Wilson score interval of a share (Wilson 1927).

    Args:
        right: Photos classified rightly, 0..total.
        total: Photos in all; with 0 nothing is known, and the interval is (0, 1).

    Returns:
        (low, high), each 0..1.
    """
    if total == 0:
        return 0.0, 1.0
    # SciPy has this too, but to import it takes 1.3 s, which every table of runs would wait for.
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, weight = right / total, z * z / total
    centre = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    return (0.0 if right == 0 else centre - half), (1.0 if right == total else centre + half)


def share_difference_interval(
    first_right: int, first_total: int, second_right: int, second_total: int, *, confidence: float = 0.95
) -> tuple[float, float]:
    """Returns the interval of the difference of two shares of different photos: Newcombe's hybrid score interval.

    Newcombe, “Interval estimation for the difference between independent proportions”, Statistics in Medicine 17, 1998, method
    10: each share's distance from the ends of its own Wilson interval, added as squares.

    Args:
        first_right, first_total: Photos classified rightly and in all, of the first.
        second_right, second_total: Of the second, which was asked other photos.

    Returns:
        (low, high) of the first share minus the second, each −1..1; (−1, 1) if either has no photos.
    """
    if not first_total or not second_total:
        return -1.0, 1.0
    first, second = first_right / first_total, second_right / second_total
    first_low, first_high = wilson_interval(first_right, first_total, confidence=confidence)
    second_low, second_high = wilson_interval(second_right, second_total, confidence=confidence)
    difference = first - second
    low = difference - math.hypot(first - first_low, second_high - second)
    high = difference + math.hypot(first_high - first, second - second_low)
    return low, high


def accuracy_interval(accuracy: float, photos: int) -> tuple[float, float]:
    """Returns the 95 % Wilson interval of an accuracy (0..1) that was measured on so many photos, each end 0..1."""
    return wilson_interval(round(accuracy * photos), photos)
