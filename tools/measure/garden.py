"""Measures the garden: how far colours alone lead in it, and how long it takes to draw.

    python -m tools.measure.garden [--difficulty 0.15]

The shortcuts are logistic regressions: one sees how often each of 8×8×8 colours occurs, one sees thumbnails of 8×8 pixels. Two
thirds of the pictures are for training, the rest for testing; each regression is given the best of some strengths.
"""

from __future__ import annotations

import collections
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from flowerlab.datasets.garden import COUNT, DEFAULT_DIFFICULTY, pictures
from flowerlab.datasets.garden.crew import crew_size
from tools.measure.harness import parser, seconds_of

SIZE_PX = 64
COLOUR_STRENGTHS = (3.0, 10.0, 30.0, 100.0)
THUMBNAIL_STRENGTHS = (0.03, 0.1, 0.3)


def shortcuts(difficulty: float) -> tuple[float, float]:
    """Returns the test accuracy (0..1) of a regression on colours, and of one on thumbnails.

    Args:
        difficulty: Of the garden, 0..1.
    """
    colours, thumbnails, labels = [], [], []
    for index in range(COUNT):
        drawing = pictures.draw(index, size_px=SIZE_PX, difficulty=difficulty)
        bins = (drawing.photo >> 5).astype(int) @ np.array([64, 8, 1])
        colours.append(np.bincount(bins.ravel(), minlength=512) / bins.size)
        small = Image.fromarray(drawing.photo).resize((8, 8), Image.Resampling.BOX)
        thumbnails.append(np.asarray(small, dtype=float).ravel() / 255)
        labels.append(drawing.label)
    return (
        _accuracy(np.array(colours), np.array(labels), COLOUR_STRENGTHS),
        _accuracy(np.array(thumbnails), np.array(labels), THUMBNAIL_STRENGTHS),
    )


def _accuracy(features: NDArray[Any], labels: NDArray[Any], strengths: Sequence[float]) -> float:
    train = len(labels) * 2 // 3
    with warnings.catch_warnings():
        # Nearly there is good enough for a bound from above: the best of several strengths counts.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fits = [LogisticRegression(C=one, max_iter=300).fit(features[:train], labels[:train]) for one in strengths]
    return max(float(fit.score(features[train:], labels[train:])) for fit in fits)


def drawing_s(difficulty: float, processes: int) -> float:
    """Returns how many seconds it takes to draw the whole garden as it is kept: shorter side 192 pixels, as JPEG."""
    return seconds_of(lambda: collections.deque(pictures.originals(COUNT, difficulty=difficulty, processes=processes), maxlen=0))


def main() -> None:
    """Measures and prints."""
    options = parser(__doc__)
    options.add_argument("--difficulty", type=float, default=DEFAULT_DIFFICULTY, help="0..1. Default: the garden's own.")
    difficulty = options.parse_args().difficulty
    by_colour, by_thumbnail = shortcuts(difficulty)
    print(f"difficulty {difficulty:g}: by colours {by_colour:.3f}, by thumbnails {by_thumbnail:.3f}", flush=True)
    for processes in sorted({1, crew_size(COUNT)}, reverse=True):
        seconds = drawing_s(difficulty, processes)
        print(f"{COUNT:,} pictures, {processes} process{'es' * (processes > 1)}: {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
