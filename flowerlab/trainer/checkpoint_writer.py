"""What of a Keras model goes into a checkpoint, and back: what trains, the optimizer, the random states.

Frozen weights stay out. Keras' own `BackupAndRestore` writes all of them, in place, and knows nothing of early stopping or of the
best epoch.
"""

from __future__ import annotations

import hashlib
import time

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.errors import RunFailed
from flowerlab.runs.attempts import AttemptFolder
from flowerlab.runs.checkpoints import Arrays, Checkpoint, TrainingState, write_checkpoint
from flowerlab.trainer.networks import random_states

# Of the time that is spent on training: what may be spent on checkpoints.
MOST_SHARE = 0.05


def weights_of(model: keras.Model) -> Arrays:
    """Returns a copy of what trains."""
    return _copies(model.trainable_variables)


def hash_of_frozen(model: keras.Model) -> str:
    """Returns a hash of the weights that do not train; random states are none."""
    found = hashlib.blake2b(digest_size=16)
    for variable in model.non_trainable_weights:
        found.update(keras.ops.convert_to_numpy(variable).tobytes())
    return found.hexdigest()


def put_weights(model: keras.Model, weights: Arrays) -> None:
    """Puts back what `weights_of` gave.

    Raises:
        RunFailed: If the weights are of another network.
    """
    _assign(model.trainable_variables, weights)


def checkpoint_of(
    model: keras.Model, state: TrainingState, best: Arrays | None, val_probabilities: list[NDArray[np.float32]]
) -> Checkpoint:
    """Returns a copy of all that a run needs to continue from here.

    Args:
        best: Weights of the best epoch; None if it is the newest.
        val_probabilities: Of each epoch, float32 (validation photos, classes).
    """
    weights = weights_of(model)
    return Checkpoint(
        state,
        weights,
        weights if best is None else best,
        _copies([*model.optimizer.variables, *random_states(model)]),
        np.stack(val_probabilities),
    )


def restore(model: keras.Model, checkpoint: Checkpoint) -> None:
    """Makes a compiled model what it was after the checkpoint's newest epoch.

    Raises:
        RunFailed: If the checkpoint is of another network or optimizer.
    """
    model.optimizer.build(model.trainable_variables)
    put_weights(model, checkpoint.weights)
    _assign([*model.optimizer.variables, *random_states(model)], checkpoint.training)


class CheckpointWriter:
    """Writes checkpoints, no more often than they are worth.

    The first and the last are always written; one between when the epochs since the one before took so long that writing takes a
    small share (`MOST_SHARE`) of that. What is not written is kept in memory until the next is.
    """

    def __init__(self, place: AttemptFolder) -> None:
        self._place = place
        self._held: Checkpoint | None = None
        self._trained_s = 0.0
        self._cost_s = 0.0

    def take(self, checkpoint: Checkpoint) -> bool:
        """Takes the state after an epoch; returns whether it was written."""
        self._held = checkpoint
        self._trained_s += checkpoint.state.epochs[-1].seconds
        if self._trained_s * MOST_SHARE < self._cost_s:
            return False
        return self.write()

    def write(self) -> bool:
        """Writes what is only in memory, if there is something; returns whether there was."""
        if self._held is None:
            return False
        began_s = time.monotonic()
        write_checkpoint(self._place.folder, self._held)
        self._held, self._trained_s, self._cost_s = None, 0.0, time.monotonic() - began_s
        return True


def _copies(variables: list[keras.Variable]) -> Arrays:
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def _assign(variables: list[keras.Variable], values: Arrays) -> None:
    mine, theirs = [tuple(variable.shape) for variable in variables], [value.shape for value in values]
    if mine != theirs:
        raise RunFailed(
            f"The checkpoint of this run does not fit its network. Expected {len(mine)} arrays as the network has them. Received: "
            f"{len(theirs)} of other shapes. Train the recipe again as a new run."
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
