"""Networks of earlier runs, still compiled: the next run of the same shape need not trace its own again.

A fresh network is built for every run all the same, and its weights and random states are put into the one in the pool: a warm
run equals a cold one to the bit.
"""

from __future__ import annotations

import json

import keras
import numpy as np

from flowerlab.features.precision import Precision
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.recipe import Recipe
from flowerlab.trainer.networks import Network

# Parameters of all networks in the pool together, about 120 MB without what their optimizers keep; the newest may have more.
MOST_PARAMETERS = 30_000_000


class ModelPool:
    """Holds networks, the newest ones, while they are small enough together."""

    def __init__(self) -> None:
        self._networks: dict[str, Network] = {}

    def __len__(self) -> int:
        """How many networks are in it."""
        return len(self._networks)

    def exchange(self, fresh: Network, recipe: Recipe, classes: int, precision: Precision = "float32") -> Network:
        """Returns the network in the pool with the fresh one's weights if one has the same shape, else the fresh one.

        Args:
            fresh: Built from the recipe for this run, with its starting weights.
        """
        shape = shape_of(recipe, classes, precision)
        old = self._networks.pop(shape, None)
        if old is None:
            old = fresh
        else:
            old.model.set_weights(fresh.model.get_weights())
            for kept, new in zip(random_states(old.model), random_states(fresh.model), strict=True):
                kept.assign(new)
        self._networks[shape] = old
        while len(self._networks) > 1 and self._parameters() > MOST_PARAMETERS:
            del self._networks[next(iter(self._networks))]
        return old

    def _parameters(self) -> int:
        return sum(network.model.count_params() for network in self._networks.values())

    def clear(self) -> None:
        """Lets all networks go, so that their memory is free."""
        self._networks.clear()


def shape_of(recipe: Recipe, classes: int, precision: Precision) -> str:
    """Returns what runs have in common that can train in one compiled network, whatever its weights are."""
    return json.dumps([*(getattr(recipe, name) for name, knob in KNOBS.items() if knob.rebuilds_network), classes, precision])


def make_trainable(model: keras.Model, recipe: Recipe) -> None:
    """Makes a model ready for a run: compiled, its optimizer as new."""
    if not model.compiled:
        optimizer = getattr(keras.optimizers, OPTIMIZERS[recipe.optimizer].keras_class)
        model.compile(
            optimizer=optimizer(learning_rate=recipe.learning_rate),
            loss="categorical_crossentropy",
            metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        )
        # All variables now, also those of the accuracy: where the first step makes any, TensorFlow traces it a second time.
        model.optimizer.build(model.trainable_variables)
        return
    for variable in model.optimizer.variables:
        variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
    model.optimizer.learning_rate = recipe.learning_rate
    model.reset_metrics()


def random_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of all random numbers that a model draws while it trains.

    Those of its own layers: the known network in it, a model itself, is always called with `training=False`. So the states are the same
    ones whether a run trains on kept features or the plain way.
    """
    weights = {id(weight) for weight in model.weights}
    own = [layer for layer in model.layers if not isinstance(layer, keras.Model)]
    return [variable for layer in own for variable in layer.variables if id(variable) not in weights]
