"""How far training moved the weights of each layer."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays

from flowerlab.trainer.weight_changes import learning_weights, relative_changes

VECTORS = arrays(np.float32, 12, elements=some.floats(-1e3, 1e3, width=32))


def model_with_one_inside() -> keras.Model:
    """A frozen and a learning layer in a model within a model, and a layer that learns behind it."""
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="low"), keras.layers.Dense(2, name="high")])
    inner.get_layer("low").trainable = False
    photos = keras.Input((3,))
    return keras.Model(photos, keras.layers.Dense(2, name="answer")(inner(photos)))


@given(VECTORS, VECTORS)
def test_the_change_is_a_ratio_of_norms(before: np.ndarray, after: np.ndarray) -> None:
    """It is the Euclidean length of the step over that of the start, as NumPy has it; a start of nothing has none."""
    changes = relative_changes({"layer": before}, {"layer": after})
    length = np.sqrt((before.astype(np.float64) ** 2).sum())
    if length == 0:
        assert changes == {}
    else:
        step = np.sqrt(((after - before).astype(np.float64) ** 2).sum())
        assert changes["layer"] == pytest.approx(step / length)


def test_twice_the_weights_are_a_change_of_one() -> None:
    """Kernel and bias of a layer count together; what did not move has 0, what is frozen is not there."""
    model = model_with_one_inside()
    model.get_layer("answer").set_weights([np.full((2, 2), 3.0), np.full(2, 4.0)])
    before = learning_weights(model)
    assert list(before) == ["high", "answer"]
    model.get_layer("answer").set_weights([np.full((2, 2), 6.0), np.full(2, 8.0)])
    assert relative_changes(before, learning_weights(model)) == {"high": 0.0, "answer": 1.0}
