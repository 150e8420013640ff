"""What the predictor tells about the inside of a network: where it looks, what a layer sees, the first filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.engine.wire import packed, unpacked
from flowerlab.inference.predictor import Predictor

Waiting = Callable[[], None]


def nothing() -> None:
    """Waits for an answer without doing anything meanwhile."""


@dataclass(frozen=True)
class Look:
    """Where a network looks for a class.

    Args:
        heat: float32, (height, width) of the network's square, 0 or more.
        places: (rows, columns) of the layer's output, from which the heat was spread.
        layer: Whose output it comes from.
        label: Index of the class.
        probabilities: One a class.
    """

    heat: NDArray[np.float32]
    places: tuple[int, int]
    layer: str
    label: int
    probabilities: tuple[float, ...]


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
        layer: Whose they are.
        filters: uint8, (filters, height, width, 3), RGB: 128 is a weight of zero.
    """

    layer: str
    filters: NDArray[np.uint8]


@dataclass(frozen=True)
class SeenPhoto:
    """A photo as the first layer with weights gets it, after all preprocessing.

    Args:
        picture: uint8, (height, width, 3), in the network's own order of channels: 0 is `low`, 255 is `high`.
        low, high: The lowest and the highest number in it.
        channel_order: Where red, green and blue stand: (2, 1, 0) means that blue comes first.
    """

    picture: NDArray[np.uint8]
    low: float
    high: float
    channel_order: tuple[int, ...]


def look(
    predictor: Predictor, model: Path, photo: NDArray[np.uint8], label: int | None = None, *, waiting: Waiting = nothing
) -> Look:
    """Returns where a network looks for a class (Grad-CAM, see `flowerlab.trainer.explain`).

    Args:
        predictor: That is asked.
        model: Of a run.
        photo: uint8, (height, width, 3), RGB, of the model's size.
        label: Index of the class; None: the one that it answers.
        waiting: As in `Predictor.ask`.

    Raises:
        PredictorFailed: As `Predictor.predict`.
    """
    answer = predictor.ask("explain", model, photo=packed(photo), label=label, waiting=waiting)
    rows, columns = answer["places"]
    return Look(unpacked(answer["heat"]), (rows, columns), answer["layer"], answer["label"], tuple(answer["probabilities"]))


def feature_maps(
    predictor: Predictor,
    model: Path,
    photo: NDArray[np.uint8],
    place: int,
    *,
    begin: int,
    count: int,
    waiting: Waiting = nothing,
) -> FeatureMaps:
    """Returns feature maps of a layer, those with the largest mean magnitude first.

    Args:
        predictor: That is asked.
        model: Of a run.
        photo: uint8, (height, width, 3), RGB, of the model's size.
        place: Of the layer among those of its backbone, inputs left out.
        begin: How many of the strongest are left out.
        count: How many are returned at most.
        waiting: As in `Predictor.ask`.

    Raises:
        PredictorFailed: As `Predictor.predict`.
    """
    answer = predictor.ask("maps", model, photo=packed(photo), place=place, begin=begin, count=count, waiting=waiting)
    return FeatureMaps(
        maps=unpacked(answer["maps"]),
        channels=tuple(answer["channels"]),
        lows=tuple(answer["lows"]),
        highs=tuple(answer["highs"]),
        channels_in_all=answer["channels_in_all"],
        silent=answer["silent"],
    )


def first_filters(predictor: Predictor, model: Path, *, waiting: Waiting = nothing) -> Filters:
    """Returns the filters of the first convolution.

    Args:
        predictor: That is asked.
        model: Of a run.
        waiting: As in `Predictor.ask`.

    Raises:
        PredictorFailed: As `Predictor.predict`.
    """
    answer = predictor.ask("filters", model, waiting=waiting)
    return Filters(answer["layer"], unpacked(answer["filters"]))


def seen_photo(predictor: Predictor, model: Path, photo: NDArray[np.uint8], *, waiting: Waiting = nothing) -> SeenPhoto:
    """Returns a photo as the first convolution gets it.

    Args:
        predictor: That is asked.
        model: Of a run.
        photo: uint8, (height, width, 3), RGB, of the model's size.
        waiting: As in `Predictor.ask`.

    Raises:
        PredictorFailed: As `Predictor.predict`.
    """
    answer = predictor.ask("seen", model, photo=packed(photo), waiting=waiting)
    return SeenPhoto(unpacked(answer["picture"]), answer["low"], answer["high"], tuple(answer["channel_order"]))
