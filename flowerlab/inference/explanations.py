"""What a network can be asked about its inside: where it looks, what a layer makes of a photo, its first filters, what it is given.

The records are those that the predictor's process makes (`flowerlab.trainer.explain`); they cross its line field by field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from flowerlab.home import Home
from flowerlab.inference.classify import model_of, squared
from flowerlab.inference.predictor import Predictor
from flowerlab.runs.run import Run

Waiting = Callable[[], None]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Explanation:
    """Where a network looks for a class.

    Args:
        heat: float32, (height, width) of the network's square, 0 or more: what speaks for the class, and where.
        places: (rows, columns) of the output of `layer`, from which the heat was spread.
        probabilities: float32, (classes,).
    """

    heat: NDArray[np.float32]
    places: tuple[int, int]
    layer: str
    label: int
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class FeatureMaps:
    """What some channels of a layer make of a photo, the strongest first.

    Args:
        maps: uint8, (maps, height, width): 0 is the lowest value of its channel, 255 its highest.
        channels: Which channels they are, 0-based.
        lows, highs: The lowest and the highest value of each.
        channels_in_all: How many the layer has.
        silent: How many of them are the same everywhere.
    """

    maps: NDArray[np.uint8]
    channels: tuple[int, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    channels_in_all: int
    silent: int


@dataclass(frozen=True)
class Filters:
    """The filters that look at the photo itself.

    Args:
        filters: uint8, (filters, height, width, 3), RGB, each scaled by its own largest weight: 128 is a weight of zero, lighter is
            above it, darker below.
    """

    layer: str
    filters: NDArray[np.uint8]


@dataclass(frozen=True)
class NetworkInput:
    """A photo as the first convolution gets it, after all preprocessing.

    Args:
        picture: uint8, (height, width, 3), in the network's own order of channels: 0 is `low`, 255 is `high`.
        low, high: The lowest and the highest number in it.
        channel_order: Where red, green and blue stand: (2, 1, 0) means that blue comes first.
    """

    picture: NDArray[np.uint8]
    low: float
    high: float
    channel_order: tuple[int, ...]


def explain(
    predictor: Predictor,
    home: Home,
    run: Run,
    pixels: NDArray[np.uint8],
    label: int | None = None,
    *,
    waiting: Waiting = lambda: None,
) -> Explanation:
    """Returns where a run looks in a photo for a class (Grad-CAM).

    Args:
        pixels: uint8, (height, width, 3), RGB, of any size.
        label: Index of the class; None: the one that it answers.
        waiting: As in `Predictor.ask`.

    Raises:
        RunFailed: If the run has no model.
        PredictorFailed: If the predictor does not answer.
    """
    about = {"photo": squared(run, pixels), "label": label}
    return _asked(Explanation, "explain", predictor, home, run, waiting, **about)


def feature_maps(
    predictor: Predictor,
    home: Home,
    run: Run,
    pixels: NDArray[np.uint8],
    place: int,
    *,
    begin: int,
    count: int,
    waiting: Waiting = lambda: None,
) -> FeatureMaps:
    """Returns what a layer makes of a photo: its maps, those with the largest mean magnitude first.

    Args:
        pixels: uint8, (height, width, 3), RGB, of any size.
        place: Of the layer among those of its backbone, inputs left out.
        begin: How many of the strongest are left out.
        count: How many are returned at most.
        waiting: As in `Predictor.ask`.

    Raises:
        RunFailed, PredictorFailed: As `explain`.
    """
    about = {"photo": squared(run, pixels), "place": place, "begin": begin, "count": count}
    return _asked(FeatureMaps, "maps", predictor, home, run, waiting, **about)


def first_filters(predictor: Predictor, home: Home, run: Run, *, waiting: Waiting = lambda: None) -> Filters:
    """Returns the filters of a run's first convolution.

    Raises:
        RunFailed, PredictorFailed: As `explain`.
    """
    return _asked(Filters, "filters", predictor, home, run, waiting)


def network_input(
    predictor: Predictor, home: Home, run: Run, pixels: NDArray[np.uint8], *, waiting: Waiting = lambda: None
) -> NetworkInput:
    """Returns a photo as a run's first convolution gets it.

    Args:
        pixels: uint8, (height, width, 3), RGB, of any size.
        waiting: As in `Predictor.ask`.

    Raises:
        RunFailed, PredictorFailed: As `explain`.
    """
    return _asked(NetworkInput, "input", predictor, home, run, waiting, photo=squared(run, pixels))


def _asked(kind: type[Found], task: str, predictor: Predictor, home: Home, run: Run, waiting: Waiting, **about: Any) -> Found:
    return kind(**predictor.ask(task, model_of(home, run, purpose="look into"), waiting=waiting, **about))
