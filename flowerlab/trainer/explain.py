"""Looks into a trained network: where it looks for a class, what a layer makes of a photo, what the first filters are.

Grad-CAM: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017,
https://arxiv.org/abs/1610.02391.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from flowerlab.inference.explanations import Explanation, FeatureMaps, Filters, NetworkInput
from flowerlab.trainer.network_parts import NetworkParts, strongest_first

# (mirrored, down, right): changes of the photo that change nothing in what it shows; shifts in shares of its side.
VIEWS = tuple((mirrored, *shift) for mirrored in (False, True) for shift in ((0.0, 0.0), (-0.08, 0.08), (0.08, -0.08)))

View = tuple[bool, float, float]
# From the gradient of a class's score, float32 (n, height, width, channels), what the feature maps are multiplied with: as large, or
# broadcast to it.
Weighing = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def mean_gradient(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighs each map by the gradient's mean over it: Grad-CAM itself."""
    return np.asarray(gradient.mean(axis=(1, 2), keepdims=True))


def local_gradient(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighs each place by the gradient's mean over half the map's height and width around it."""
    window = [side // 2 | 1 for side in gradient.shape[1:3]]
    weights: NDArray[np.float32] = tf.nn.avg_pool2d(gradient, window, strides=1, padding="SAME").numpy()
    return weights


# docs/decisions/0012-inside.md says what was measured, and why these.
WEIGHINGS: tuple[Weighing, ...] = (mean_gradient, local_gradient)


def explain(
    parts: NetworkParts,
    photo: NDArray[np.uint8],
    label: int | None,
    *,
    weighings: Sequence[Weighing] = WEIGHINGS,
    layer: keras.Layer | None = None,
    views: Sequence[View] = VIEWS,
) -> Explanation:
    """Returns where a network looks for a class.

    Args:
        photo: uint8, (height, width, 3), RGB, of the network's size.
        label: Index of the class; None: the one that it answers.
        weighings: How the feature maps are weighed; the maps of several, each scaled, are added.
        layer: Whose output is looked at; default: `NetworkParts.looked_at`.
        views: Over which the mean is taken; the first is the photo itself. What speaks against the class in one view cancels what
            speaks for it at the same place in another.
    """
    layer = layer or parts.looked_at
    seen_photos = np.stack([_seen_as(photo, view) for view in views])
    rest = parts.rest_after(layer)
    # What is recorded is gone through backwards, all of it: where the layer can be cut off, the layers before it are not.
    given = parts.given(seen_photos) if rest is None else tf.constant(parts.output_of(layer, seen_photos))
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(given)
        maps, crossing = parts.viewing(layer)(given, training=False) if rest is None else (given, rest(given))
        features = parts.after(crossing, training=False)
        # The class's score before the softmax: after it, a certain answer would leave no gradient.
        scores = keras.ops.matmul(features, parts.answer.kernel) + parts.answer.bias
        chosen = int(np.argmax(scores[0])) if label is None else label
        score = keras.ops.sum(scores[:, chosen])
    gradient = keras.ops.convert_to_numpy(tape.gradient(score, maps))
    values = keras.ops.convert_to_numpy(maps)
    height, width = photo.shape[:2]
    speaking = np.zeros((height, width), dtype=np.float32)
    for weigh in weighings:
        coarse = (values * weigh(gradient)).sum(axis=3)
        mean = _mean_over_views(coarse, views, height, width)
        speaking += mean / max(float(np.abs(mean).max()), 1e-12)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(scores))[0]
    places = (values.shape[1], values.shape[2])
    return Explanation(np.maximum(speaking, 0), places, layer.name, chosen, probabilities)


def _seen_as(photo: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """Returns a photo shifted, its edge repeated where it left, and then mirrored."""
    mirrored, down, right = _pixels(view, *photo.shape[:2])
    shifted = _shifted(photo, down, right)
    return shifted[:, ::-1] if mirrored else shifted


def _mean_over_views(coarse: NDArray[np.float32], views: Sequence[View], height: int, width: int) -> NDArray[np.float32]:
    """Spreads the maps (views, rows, columns) over the photo and takes, at each place, the mean of the views that know it."""
    fine = [_turned_back(one, view, height, width) for one, view in zip(coarse, views, strict=True)]
    whole = np.ones(coarse.shape[1:], dtype=np.float32)
    # Shifted views leave an edge out; the photo itself, the first, knows every place.
    known = np.sum([_turned_back(whole, view, height, width) for view in views], axis=0)
    return np.asarray(np.sum(fine, axis=0) / known, dtype=np.float32)


def _turned_back(coarse: NDArray[np.float32], view: View, height: int, width: int) -> NDArray[np.float32]:
    """Spreads a map over the photo and undoes what its view did to the photo."""
    fine = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)
    mirrored, down, right = _pixels(view, height, width)
    # At the edge that the view left out nothing is known: zeros.
    padded = np.pad(fine[:, ::-1] if mirrored else fine, ((abs(down),), (abs(right),)))
    return padded[abs(down) + down :, abs(right) + right :][:height, :width]


def _pixels(view: View, height: int, width: int) -> tuple[bool, int, int]:
    return view[0], round(view[1] * height), round(view[2] * width)


def _shifted(values: NDArray[Any], down: int, right: int) -> NDArray[Any]:
    rows = np.clip(np.arange(values.shape[0]) - down, 0, values.shape[0] - 1)
    columns = np.clip(np.arange(values.shape[1]) - right, 0, values.shape[1] - 1)
    return values[np.ix_(rows, columns)]


def feature_maps(parts: NetworkParts, photo: NDArray[np.uint8], place: int, *, begin: int, count: int) -> FeatureMaps:
    """Returns feature maps of a layer, those with the largest mean magnitude first.

    Args:
        photo: uint8, (height, width, 3), RGB, of the network's size.
        place: Of the layer, in `NetworkParts.layers`.
        begin: How many of the strongest are left out.
        count: How many are returned at most.
    """
    values = parts.output_of(parts.layers[place], photo[None])[0]
    order = strongest_first(np.abs(values).mean(axis=(0, 1)))[begin : begin + count]
    chosen = values[:, :, order].transpose(2, 0, 1)
    lows, highs = values.min(axis=(0, 1)), values.max(axis=(0, 1))
    return FeatureMaps(
        maps=np.stack([_bytes(one, float(one.min()), float(one.max())) for one in chosen])
        if order
        else np.zeros((0, *values.shape[:2]), dtype=np.uint8),
        channels=tuple(order),
        lows=tuple(float(lows[channel]) for channel in order),
        highs=tuple(float(highs[channel]) for channel in order),
        channels_in_all=values.shape[2],
        silent=int((lows == highs).sum()),
    )


def first_filters(parts: NetworkParts) -> Filters:
    """Returns the filters that look at the photo itself."""
    layer = parts.first_convolution
    weights = keras.ops.convert_to_numpy(layer.kernel).transpose(3, 0, 1, 2)[..., parts.channel_order]
    largest = np.maximum(np.abs(weights).max(axis=(1, 2, 3), keepdims=True), 1e-12)
    return Filters(layer.name, (127.5 + 127.5 * weights / largest).round().astype(np.uint8))


def network_input(parts: NetworkParts, photo: NDArray[np.uint8]) -> NetworkInput:
    """Returns a photo, uint8 (height, width, 3), RGB, of the network's size, as the first convolution gets it."""
    values = parts.seen(photo[None])[0]
    low, high = float(values.min()), float(values.max())
    return NetworkInput(_bytes(values, low, high), low, high, tuple(parts.channel_order))


def _bytes(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    span = high - low
    scaled = (values - low) / span * 255 if span > 0 else np.zeros_like(values)
    return np.asarray(scaled.round(), dtype=np.uint8)
