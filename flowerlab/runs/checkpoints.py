"""Checkpoints: what another attempt needs to continue after a whole epoch as if nothing had happened.

One folder an epoch, `epoch-NNNNN`, renamed into place: `state.json`, `weights.npz` (of what trains), `best.npz` (the same, of the
best epoch), `training.npz` (optimizer and random states), `val_probabilities.npy`. Frozen weights are not in it: they are loaded
from where the run had them. A reader finds a whole folder or none; the zip's checksums find bytes that the disk lost.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from flowerlab.errors import RunFailed
from flowerlab.runs.events import EpochFigures
from flowerlab.system.files import durable_file, scratch_beside, sync_folder

NAME = re.compile(r"epoch-(\d{5,})")
Arrays = list[NDArray[Any]]
LOG = logging.getLogger(__name__)


class TrainingState(BaseModel):
    """How far a run's training is.

    Args:
        photos: Key of the prepared photos that it trains on.
        frozen: Hash of the weights that do not train, which are loaded from where the run had them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    photos: str
    frozen: str = ""
    epochs: tuple[EpochFigures, ...] = ()

    @property
    def epochs_run(self) -> int:
        """Whole epochs so far."""
        return len(self.epochs)

    @property
    def best_epoch(self) -> int:
        """0-based: the epoch with the highest validation accuracy, the first of equals. There must be one."""
        accuracies = [figures.val_accuracy for figures in self.epochs]
        return accuracies.index(max(accuracies))

    @property
    def val_accuracy(self) -> float:
        """Of the best epoch."""
        return self.epochs[self.best_epoch].val_accuracy

    @property
    def seconds_training(self) -> float:
        """Of all whole epochs."""
        return sum(figures.seconds for figures in self.epochs)

    def and_then(self, figures: EpochFigures) -> TrainingState:
        """Returns the state after one more epoch."""
        return self.model_copy(update={"epochs": (*self.epochs, figures)})

    def waited(self, since: int = 0) -> int:
        """Returns for how many epochs the validation accuracy has not become better, not counting the first `since` epochs."""
        return max(0, self.epochs_run - max(self.best_epoch + 1, since)) if self.epochs else 0

    def over(self, epochs: int, patience: int, since: int = 0) -> bool:
        """Whether training ends here: after the last epoch, or because nothing became better for long enough.

        The rule of Keras' `EarlyStopping(monitor="val_accuracy", patience=patience)`.
        """
        return self.epochs_run >= epochs or self.waited(since) >= patience


@dataclass(frozen=True)
class Checkpoint:
    """A run after a whole epoch.

    Args:
        weights: Of what trains, in the model's order.
        best: The same of the best epoch; the very same list if the newest epoch is the best.
        training: Variables of the optimizer, then the states of all random numbers that the model draws.
        val_probabilities: float32, (epochs, validation photos, classes).
    """

    state: TrainingState
    weights: Arrays
    best: Arrays
    training: Arrays
    val_probabilities: NDArray[np.float32]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint, then removes the ones before it.

    It has reached the disk when this returns: a machine that loses its power finds it whole, or the one before.

    Args:
        folder: Of the attempt. If it is no longer there, another attempt has taken over.

    Raises:
        OSError: If there is no room, or the folder is gone.
    """
    before = _by_epoch(folder)
    target = folder / f"epoch-{checkpoint.state.epochs_run:05}"
    with scratch_beside(target) as scratch:
        _save(scratch / "weights.npz", checkpoint.weights)
        _save(scratch / "training.npz", checkpoint.training)
        with durable_file(scratch / "val_probabilities.npy") as file:
            np.save(file, checkpoint.val_probabilities)
        _keep_best(scratch, checkpoint, before[0] if before else None)
        with durable_file(scratch / "state.json") as file:
            file.write(checkpoint.state.model_dump_json().encode())
        scratch.rename(target)
    sync_folder(folder)
    for path in before:
        shutil.rmtree(path, ignore_errors=True)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """Returns the newest checkpoint in an attempt's folder; None if there is none. One that the disk has damaged is thrown away.

    Raises:
        RunFailed: If one cannot be read now, which says nothing about its bytes: it stays, and the run can go on later.
    """
    for path in _by_epoch(folder):
        try:
            state = TrainingState.model_validate_json((path / "state.json").read_bytes())
            weights, best, training = (_load(path / name) for name in ("weights.npz", "best.npz", "training.npz"))
            val_probabilities = np.load(path / "val_probabilities.npy", allow_pickle=False)
        except (FileNotFoundError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
            LOG.warning("The checkpoint %s cannot be read (%s) and is thrown away.", path, error)
            shutil.rmtree(path, ignore_errors=True)
        except OSError as error:
            raise RunFailed(
                f"The run's last checkpoint cannot be read now ({error.strerror or error}). It stays where it is: {path}. Look after "
                "the disk or the network that the lab lies on, then have the run go on."
            ) from error
        else:
            return Checkpoint(state, weights, best, training, val_probabilities)
    return None


def read_state(folder: Path) -> TrainingState | None:
    """Returns how far the newest checkpoint of an attempt's folder is; None if there is none."""
    return next((state for path in _by_epoch(folder) if (state := _read_state(path)) is not None), None)


def move_checkpoints(source: Path, target: Path) -> None:
    """Moves what one attempt left into the folder of the next; what is there already stays."""
    for path in _by_epoch(source):
        with contextlib.suppress(OSError):
            path.rename(target / path.name)


def _by_epoch(folder: Path) -> list[Path]:
    found = [path for path in folder.glob("epoch-*") if NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: int(path.name.partition("-")[2]), reverse=True)


def _read_state(path: Path) -> TrainingState | None:
    try:
        return TrainingState.model_validate_json((path / "state.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _keep_best(scratch: Path, checkpoint: Checkpoint, before: Path | None) -> None:
    """Names the best epoch's weights, which are on the disk already: these, or those of the checkpoint before."""
    source = None
    if checkpoint.best is checkpoint.weights:
        source = scratch / "weights.npz"
    elif before is not None and (state := _read_state(before)) and state.best_epoch == checkpoint.state.best_epoch:
        source = before / "best.npz"
    if source is not None:
        # A disk without hard links gets a copy.
        with contextlib.suppress(OSError):
            os.link(source, scratch / "best.npz")
            return
    _save(scratch / "best.npz", checkpoint.best)


def _save(path: Path, arrays: Sequence[NDArray[Any]]) -> None:
    with durable_file(path) as file:
        named: dict[str, Any] = {f"{number:05}": value for number, value in enumerate(arrays)}
        np.savez(file, **named)


def _load(path: Path) -> Arrays:
    # Opened here: NumPy leaves a file that it cannot read open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return [stored[name] for name in sorted(stored.files)]
