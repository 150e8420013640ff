"""Checkpoints as a trainer leaves them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from flowerlab.runs.checkpoints import Checkpoint, TrainingState, write_checkpoint
from flowerlab.runs.events import EpochFigures

WEIGHTS_BYTES = 100_000


def state_of(*val_accuracies: float) -> TrainingState:
    """A state whose epochs had these validation accuracies."""
    epochs = tuple(EpochFigures(loss=1, accuracy=0.5, val_loss=1, val_accuracy=value, seconds=2) for value in val_accuracies)
    return TrainingState(photos="p", epochs=epochs)


def checkpoint_at(state: TrainingState) -> Checkpoint:
    """A checkpoint whose weights are the number of the epoch that they come from."""
    weights, best = ([np.full((WEIGHTS_BYTES // 4,), number, np.float32)] for number in (state.epochs_run - 1, state.best_epoch))
    if state.best_epoch == state.epochs_run - 1:
        best = weights
    return Checkpoint(state, weights, best, [np.zeros(3)], np.zeros((state.epochs_run, 4, 2), np.float32))


def leave_checkpoint(folder: Path, *, epochs: int) -> None:
    """Leaves what an attempt that was killed after some whole epochs would."""
    folder.mkdir(parents=True, exist_ok=True)
    write_checkpoint(folder, checkpoint_at(state_of(*[0.5] * epochs)))
