"""The best whole epoch of a run, on disk: what is left if its trainer must be killed.

`best.json` is written last and names everything else, so that a reader never meets a half-written epoch.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from flowerlab.home import replace_file


class Best(BaseModel):
    """What is on disk after a whole epoch.

    Args:
        epoch: 0-based; the epoch with the highest validation accuracy, the first of equals.
        val_accuracy: Its validation accuracy, 0..1.
        epochs_run: Whole epochs so far.
        seconds_training: Of these epochs.
    """

    epoch: int
    val_accuracy: float
    epochs_run: int
    seconds_training: float


class BestEpochs:
    """Writes and reads the best epoch of one run.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Best | None:
        """Returns what was left behind; None if there is nothing."""
        try:
            return Best.model_validate_json((self._folder / "best.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    def take(self, trained: keras.Model, best: Best, val_probabilities: NDArray[np.float32]) -> bool:
        """Keeps an epoch's validation probabilities, and its weights if it is the best so far; returns whether it is.

        Args:
            trained: The model whose weights learn.
            best: The state after this epoch.
            val_probabilities: float32, (photos, classes), of this epoch.
        """
        # A killed attempt may have left a part of an epoch behind; each epoch has its own place in the file.
        mode = "r+b" if (self._folder / "val_probabilities.bin").exists() else "w+b"
        with (self._folder / "val_probabilities.bin").open(mode) as file:
            file.seek((best.epochs_run - 1) * val_probabilities.nbytes)
            file.write(np.ascontiguousarray(val_probabilities, dtype=np.float32).tobytes())
        is_best = best.epoch == best.epochs_run - 1
        if is_best:
            scratch = self._folder / "part.weights.h5"
            trained.save_weights(scratch)
            scratch.replace(self._weights(best.epoch))
        replace_file(self._folder / "best.json", best.model_dump_json().encode())
        for old in self._folder.glob("best-*.weights.h5"):
            if old != self._weights(best.epoch):
                with contextlib.suppress(OSError):
                    old.unlink()
        return is_best

    def load(self, trained: keras.Model, best: Best) -> None:
        """Puts the best epoch's weights into a model."""
        trained.load_weights(self._weights(best.epoch))

    def val_probabilities(self, best: Best, photos: int, classes: int) -> NDArray[np.float32]:
        """Returns float32, (epochs, photos, classes), of all whole epochs."""
        values = np.fromfile(
            self._folder / "val_probabilities.bin", dtype=np.float32, count=best.epochs_run * photos * classes
        )
        return values.reshape(best.epochs_run, photos, classes)

    def clear(self) -> None:
        """Removes what is no longer needed once the run's model is whole."""
        for path in (
            self._folder / "best.json",
            self._folder / "val_probabilities.bin",
            *self._folder.glob("*.weights.h5"),
        ):
            path.unlink(missing_ok=True)

    def _weights(self, epoch: int) -> Path:
        return self._folder / f"best-{epoch}.weights.h5"
