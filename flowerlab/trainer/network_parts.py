"""A trained network opened up: the path of a photo through it, whether its layers lie flat or in a nested backbone.

Keras remembers of every symbolic tensor which call made it. Walked backwards from the answer, that gives the last tensor that still
has height and width, and what lies before and after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from flowerlab.errors import BadModel

POOLINGS = (layers.MaxPooling2D, layers.AveragePooling2D)
# Photos of one pure colour each: which of a tensor's channels they move shows how the channels are ordered.
PURE = np.eye(3, dtype=np.float32)[:, None, None, :] * 255


class NetworkParts:
    """A run's network and its parts, which share its weights.

    Args:
        model: float32 (n, height, width, 3), RGB 0..255 → float32 (n, classes), probabilities.

    Attributes:
        before: Photos → the input of the nested backbone; None where layers lie flat.
        inner: The layers that still know where in the photo something is.
        after: Their output → what the answer is computed from (the penultimate features).
        answer: The last layer: features → probabilities.

    Raises:
        BadModel: If it does not end in features and one Dense layer with a softmax.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        answer, node = _made_by(model.outputs[0])
        if not isinstance(answer, layers.Dense) or answer.activation is not keras.activations.softmax:
            raise BadModel(
                "This network cannot be looked into. Expected one that ends in a layer of probabilities. "
                f"Received: one that ends in {type(answer).__name__}. Choose another run."
            )
        self.answer = answer
        self._hidden = crossing = node.input_tensors[0]
        while len(crossing.shape) != 4:
            crossing = _made_by(crossing)[1].input_tensors[0]
        self.after = keras.Model(crossing, self._hidden)
        owner, node = _made_by(crossing)
        nested = isinstance(owner, keras.Model)
        self.before = keras.Model(model.inputs, node.input_tensors[0]) if nested else None
        self.inner: keras.Model = owner if nested else keras.Model(model.inputs, crossing)
        self._parts: dict[tuple[int, bool], keras.Model] = {}
        self._rests: dict[str, keras.Model | None] = {}

    @cached_property
    def layers(self) -> list[keras.Layer]:
        """The layers of `inner` in their order, without inputs: as `Architecture.layers` counts them, inputs left out."""
        return [layer for layer in self.inner.layers if not isinstance(layer, layers.InputLayer)]

    @cached_property
    def looked_at(self) -> keras.Layer:
        """The layer whose output is looked at to tell where something is: the last one that still has height and width.

        Through a pooling after it only the largest value of each window would get a gradient, a map with holes. Where one is there,
        it is the layer before the last convolution, if that is a convolution with an output as large.
        """
        places = range(len(self.layers) - 1, -1, -1)
        last = next(place for place in places if not isinstance(self.layers[place], POOLINGS))
        before = self.layers[max(0, last - 1)]
        pooled = last < len(self.layers) - 1
        as_large = before.output.shape[1:3] == self.layers[last].output.shape[1:3]
        return before if pooled and as_large and isinstance(before, layers.Conv2D) else self.layers[last]

    @cached_property
    def first_convolution(self) -> keras.Layer:
        """The layer whose filters look at the photo itself."""
        return next(layer for layer in self.layers if isinstance(layer, layers.Conv2D))

    @cached_property
    def penultimate(self) -> keras.Model:
        """Photos → what the answer is computed from, float32 (n, features)."""
        return keras.Model(self.model.inputs, self._hidden)

    def viewing(self, layer: keras.Layer) -> keras.Model:
        """Returns the input of `inner` → (the layer's output, the output of `inner`)."""
        return self._part(layer.output, whole=True)

    def rest_after(self, layer: keras.Layer) -> Callable[[Any], Any] | None:
        """Returns what computes the output of `inner` from the layer's; None where a shortcut leads around the layer."""
        if layer.output is self.inner.outputs[0]:
            return lambda maps: maps
        if layer.name not in self._rests:
            try:
                self._rests[layer.name] = keras.Model(layer.output, self.inner.outputs[0])
            except ValueError:
                self._rests[layer.name] = None
        rest = self._rests[layer.name]
        return None if rest is None else lambda maps: rest(maps, training=False)

    def given(self, photos: NDArray[Any]) -> Any:
        """Returns the input of `inner` for photos: float32 (n, height, width, 3)."""
        tensor = keras.ops.convert_to_tensor(np.asarray(photos, dtype=np.float32))
        return tensor if self.before is None else self.before(tensor, training=False)

    def output_of(self, layer: keras.Layer, photos: NDArray[Any]) -> NDArray[np.float32]:
        """Returns a layer's output for photos, float32."""
        return self._computed(layer.output, photos)

    def seen(self, photos: NDArray[Any]) -> NDArray[np.float32]:
        """Returns photos as the first convolution gets them, after all preprocessing: float32 (n, height, width, 3)."""
        return self._computed(self.first_convolution.input, photos)

    @cached_property
    def channel_order(self) -> list[int]:
        """At which place of what the first convolution gets red, green and blue stand: [0, 1, 2], or [2, 1, 0] for BGR."""
        height, width = self.model.input_shape[1:3]
        black = self.seen(np.zeros((1, height, width, 3), dtype=np.float32))
        moved = np.abs(self.seen(np.broadcast_to(PURE, (3, height, width, 3))) - black).mean(axis=(1, 2))
        return [int(place) for place in moved.argmax(axis=1)]

    def _computed(self, tensor: Any, photos: NDArray[Any]) -> NDArray[np.float32]:
        part = self._part(tensor, whole=False)
        found: NDArray[np.float32] = keras.ops.convert_to_numpy(part(self.given(photos), training=False))
        return found

    def _part(self, tensor: Any, *, whole: bool) -> keras.Model:
        """Returns the input of `inner` → a tensor of it, and its output too if `whole`; made once each."""
        key = (id(tensor), whole)
        if key not in self._parts:
            outputs = [tensor, self.inner.outputs[0]] if whole else tensor
            self._parts[key] = keras.Model(self.inner.inputs, outputs)
        return self._parts[key]


def _made_by(tensor: Any) -> tuple[Any, Any]:
    """Returns the layer that made a symbolic tensor, and the call in which it did."""
    history = tensor._keras_history
    return history.operation, history.operation._inbound_nodes[history.node_index]


def strongest_first(strengths: Sequence[float] | NDArray[np.floating[Any]]) -> list[int]:
    """Returns the places of values, the largest first, equal ones in their order."""
    return [int(place) for place in np.argsort(-np.asarray(strengths, dtype=np.float64), kind="stable")]
