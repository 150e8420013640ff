"""The optimizers that a recipe can name. One entry is all that a new one takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Optimizer:
    """One entry: form, trainer, estimates and exported programs read it.

    Args:
        title: What it is, for a pupil: one sentence that begins with its name.
        keras_class: Its class in `keras.optimizers`.
        slots: Arrays as large as the weights that learn, which it keeps beside them.
    """

    name: str
    title: str
    keras_class: str
    slots: int


_ENTRIES = (
    Optimizer("adam", "Adam: adapts the step of every weight by itself. The lecture's choice.", "Adam", 2),
    Optimizer("sgd", "Stochastic gradient descent: the plain rule, the same step for every weight.", "SGD", 0),
    Optimizer("rmsprop", "RMSprop: divides each step by a running mean of recent gradient sizes.", "RMSprop", 1),
)

OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
