"""Looks into a trained network: where it looks for a class, what a layer makes of a photo, what the first filters are.

Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017,
https://arxiv.org/abs/1610.02391.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flowerlab.trainer.opened import Opened, strongest_first

METHODS = ("gradcam", "hirescam", "layercam", "local")
# docs/decisions/0012-inside.md says what was measured, and why this one.
METHOD = "local"


@dataclass(frozen=True)
class Explanation:
    """Where a network looks for a class.

    Args:
        heat: float32, (height, width) of the layer's output, 0 or more: what speaks for the class, and where.
        layer: Name of the layer.
        label: Index of the class.
        probabilities: float32, (classes,).
    """

    heat: NDArray[np.float32]
    layer: str
    label: int
    probabilities: NDArray[np.float32]


def explain(
    opened: Opened,
    photo: NDArray[np.uint8],
    label: int | None,
    *,
    method: str = METHOD,
    layer: keras.Layer | None = None,
    mirrored: bool = True,
) -> Explanation:
    """Returns where a network looks for a class.

    Args:
        opened: The network.
        photo: uint8, (height, width, 3), RGB, of the network's size.
        label: Index of the class; None: the one that it answers.
        method: `gradcam` weighs each feature map by the mean of its gradient; `hirescam` (Draelos and Carin 2020) multiplies map
            and gradient place by place; `layercam` (Jiang et al. 2021) does so with the gradient's positive part; `local` lies
            between the first two: the mean of the gradient over half the map's height and width around each place.
        layer: Whose output is looked at; default: `Opened.looked_at`.
        mirrored: Whether the mean with the map of the mirrored photo is taken, which shows the same.
    """
    layer = layer or opened.looked_at
    with tf.GradientTape() as tape:
        given = opened.given(np.stack([photo, photo[:, ::-1]] if mirrored else [photo]))
        tape.watch(given)
        maps, crossing = opened.viewing(layer)(given, training=False)
        features = opened.after(crossing, training=False)
        # The class's score before the softmax: behind it, a sure answer would leave no gradient.
        scores = keras.ops.matmul(features, opened.answer.kernel) + opened.answer.bias
        chosen = int(np.argmax(scores[0])) if label is None else label
        score = keras.ops.sum(scores[:, chosen])
    gradient = tape.gradient(score, maps)
    heat = _combined(keras.ops.convert_to_numpy(maps), keras.ops.convert_to_numpy(gradient), method)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(scores))[0]
    return Explanation(heat, layer.name, chosen, probabilities)


def _combined(maps: NDArray[np.float32], gradient: NDArray[np.float32], method: str) -> NDArray[np.float32]:
    if method == "gradcam":
        weights = gradient.mean(axis=(1, 2), keepdims=True)
    elif method == "hirescam":
        weights = gradient
    elif method == "layercam":
        weights = np.maximum(gradient, 0)
    elif method == "local":
        window = [side // 2 | 1 for side in gradient.shape[1:3]]
        weights = tf.nn.avg_pool2d(gradient, window, strides=1, padding="SAME").numpy()
    else:
        raise ValueError(f"There is no such method. Expected one of {', '.join(METHODS)}. Received: {method!r}.")
    speaking = (maps * weights).sum(axis=3)
    # The second photo is the first one mirrored. What speaks against the class in one cancels what speaks for it in the other.
    mean = speaking[0] if len(speaking) == 1 else (speaking[0] + speaking[1, :, ::-1]) / 2
    heat: NDArray[np.float32] = np.maximum(mean, 0).astype(np.float32)
    return heat


@dataclass(frozen=True)
class Maps:
    """What some channels of a layer make of a photo.

    Args:
        maps: uint8, (maps, height, width): 0 is the lowest value of its channel, 255 its highest.
        channels: Which channels they are.
        lows, highs: The lowest and the highest value of each.
        channels_in_all: How many the layer has.
        silent: How many of them are the same everywhere.
    """

    maps: NDArray[np.uint8]
    channels: list[int]
    lows: list[float]
    highs: list[float]
    channels_in_all: int
    silent: int


def feature_maps(opened: Opened, photo: NDArray[np.uint8], place: int, *, begin: int, count: int) -> Maps:
    """Returns feature maps of a layer, those with the largest mean magnitude first.

    Args:
        opened: The network.
        photo: uint8, (height, width, 3), RGB, of the network's size.
        place: Of the layer, in `Opened.layers`.
        begin: How many of the strongest are left out.
        count: How many are returned at most.
    """
    values = opened.output_of(opened.layers[place], photo[None])[0]
    order = strongest_first(np.abs(values).mean(axis=(0, 1)))[begin : begin + count]
    chosen = values[:, :, order].transpose(2, 0, 1)
    lows, highs = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    return Maps(
        maps=np.stack([_bytes(one, float(one.min()), float(one.max())) for one in chosen])
        if order
        else np.zeros((0, *values.shape[:2]), dtype=np.uint8),
        channels=order,
        lows=[float(lows[channel]) for channel in order],
        highs=[float(highs[channel]) for channel in order],
        channels_in_all=values.shape[2],
        silent=int((lows == highs).sum()),
    )


def first_filters(opened: Opened) -> tuple[str, NDArray[np.uint8]]:
    """Returns the filters that look at the photo itself: (the layer's name, uint8 (filters, height, width, 3), RGB).

    Each filter is scaled by its own largest weight: 128 is a weight of zero, lighter is above it, darker below.
    """
    layer = opened.first_convolution
    weights = keras.ops.convert_to_numpy(layer.kernel).transpose(3, 0, 1, 2)[..., opened.channel_order]
    largest = np.maximum(np.abs(weights).max(axis=(1, 2, 3), keepdims=True), 1e-12)
    return layer.name, (127.5 + 127.5 * weights / largest).round().astype(np.uint8)


@dataclass(frozen=True)
class Seen:
    """A photo as the first convolution gets it.

    Args:
        picture: uint8, (height, width, 3), its channels in the network's order: 0 is `low`, 255 is `high`.
        low, high: The lowest and the highest number in it.
        channel_order: Where red, green and blue stand.
    """

    picture: NDArray[np.uint8]
    low: float
    high: float
    channel_order: list[int]


def seen(opened: Opened, photo: NDArray[np.uint8]) -> Seen:
    """Returns a photo as the network sees it behind all preprocessing.

    Args:
        opened: The network.
        photo: uint8, (height, width, 3), RGB, of the network's size.
    """
    values = opened.seen(photo[None])[0]
    low, high = float(values.min()), float(values.max())
    return Seen(_bytes(values, low, high), low, high, opened.channel_order)


def _bytes(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    span = high - low
    scaled = (values - low) / span * 255 if span > 0 else np.zeros_like(values)
    return np.asarray(scaled.round(), dtype=np.uint8)
