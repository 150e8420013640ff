"""The network of the run before, still compiled: the next run of the same shape need not trace it again.

A fresh network is built for every run all the same, and its weights and random states are put into the one on the shelf: a warm
run equals a cold one to the bit.
"""

from __future__ import annotations

import json

import keras
import numpy as np

from flowerlab.recipe import Recipe
from flowerlab.trainer.models import Network

OPTIMIZERS = {
    "adam": keras.optimizers.Adam,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}


class Shelf:
    """Holds one network: the newest."""

    def __init__(self) -> None:
        self._shape = ""
        self._network: Network | None = None

    def exchange(self, fresh: Network, recipe: Recipe, classes: int) -> Network:
        """Returns the network on the shelf with the fresh one's weights if it has the same shape, else the fresh one.

        Args:
            fresh: Built for this run, with its starting weights.
            recipe: What it was built from.
            classes: Number of classes.
        """
        shape = json.dumps([
            recipe.architecture, recipe.unfreeze_from, recipe.image_size, recipe.head, recipe.dropout, recipe.optimizer,
            classes,
        ])  # fmt: skip
        if self._network is None or shape != self._shape:
            self._shape, self._network = shape, fresh
            return fresh
        old = self._network
        old.model.set_weights(fresh.model.get_weights())
        for kept, new in zip(random_states(old.model), random_states(fresh.model), strict=True):
            kept.assign(new)
        return old

    def clear(self) -> None:
        """Takes the network off, so that its memory is free."""
        self._shape, self._network = "", None


def make_trainable(model: keras.Model, recipe: Recipe) -> None:
    """Makes a model ready for a run: compiled, its optimizer as new.

    Args:
        model: Inputs → probabilities.
        recipe: Optimizer and learning rate.
    """
    if not model.compiled:
        model.compile(
            optimizer=OPTIMIZERS[recipe.optimizer](learning_rate=recipe.learning_rate),
            loss="categorical_crossentropy",
            metrics=["accuracy"],
        )
        return
    for variable in model.optimizer.variables:
        variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
    model.optimizer.learning_rate = recipe.learning_rate
    model.reset_metrics()


def random_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of all random numbers that a model draws while it trains."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]
