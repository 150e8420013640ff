"""Networks of earlier runs, still compiled: the next run of the same shape need not trace its own again.

A fresh network is built for every run all the same, and its weights and random states are put into the one in the pool: a warm
run equals a cold one to the bit.
"""

from __future__ import annotations

import json

from flowerlab.features.precision import Precision
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.trainer.networks import Network, random_states

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
