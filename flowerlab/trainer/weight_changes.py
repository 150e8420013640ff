"""How far training moved the weights of each layer."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from numpy.typing import NDArray

Weights = dict[str, NDArray[np.float32]]


def learning_weights(model: keras.Model) -> Weights:
    """Returns a copy of what can learn in each layer, as one vector a layer.

    Returns:
        Layer name → float32, (parameters,), in the order of the layers; frozen layers are left out.
    """
    return {
        layer.name: np.concatenate([keras.ops.convert_to_numpy(weight).ravel() for weight in layer.trainable_weights])
        for layer in _layers(model)
        if layer.trainable_weights
    }


def relative_changes(before: Weights, after: Weights) -> dict[str, float]:
    """Returns ‖after − before‖ / ‖before‖ of each layer (Euclidean norms): 0 if nothing moved, 1 if it moved by its own length.

    Args:
        after: Of the same layers. One whose weights were all zero before has no relative change and is left out.
    """
    lengths = {name: _norm(weights) for name, weights in before.items()}
    return {name: _norm(after[name] - before[name]) / length for name, length in lengths.items() if length}


def _norm(weights: NDArray[np.float32]) -> float:
    # The squares of weights that ran far away are more than float32 can hold.
    return float(np.linalg.norm(weights.astype(np.float64)))


def _layers(model: keras.Model) -> Iterator[keras.Layer]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer)
        else:
            yield layer
