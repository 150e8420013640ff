"""Training in bfloat16: layers compute with half as many digits while gradients are taken; weights stay float32.

As Keras' `mixed_bfloat16` policy does it for a whole model; here one model trains so and validates, tests and is saved in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from flowerlab.features.precision import Precision

POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextmanager
def computing_in(model: keras.Model, precision: Precision) -> Iterator[None]:
    """Lets a model's layers compute in a precision; its last layer's softmax is float32 in either.

    What is traced in the block keeps the precision for good, what was traced before is not changed.

    Args:
        model: Inputs → probabilities, the answer last.
        precision: Of inputs, outputs and gradients of the layers before the last.
    """
    policy = keras.dtype_policies.get(POLICIES[precision])
    before = [(layer, layer.dtype_policy) for layer in _computing_layers(model)[:-1]]
    for layer, _ in before:
        layer.dtype_policy = policy
    try:
        yield
    finally:
        for layer, kept in before:
            layer.dtype_policy = kept


def _computing_layers(model: keras.Model) -> list[keras.Layer]:
    """The layers of a model and of those nested in it, in order, without inputs."""
    found: list[keras.Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found += _computing_layers(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            found.append(layer)
    return found
