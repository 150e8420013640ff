"""What Keras calls while it trains."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.runs.checkpoints import Arrays, Checkpoint, TrainingState
from flowerlab.runs.events import Batch, Epoch, EpochFigures, Saved
from flowerlab.trainer.channel import EVENT_EVERY_S, Channel
from flowerlab.trainer.checkpoint_writer import CheckpointWriter, checkpoint_of
from flowerlab.trainer.mixed_precision import computing_in
from flowerlab.trainer.prediction import loss_and_accuracy, predict

Logs = dict[str, float] | None


@dataclass(frozen=True)
class TrainingData:
    """What a network learns from.

    Args:
        inputs: Photos uint8 (n, height, width, 3) or features float16/float32 (n, …), memory-mapped.
        labels: int64, (n,).
        training: int64, positions that train.
        validation: int64, positions that validate.
        views: Features of changed copies of the training photos, which train in their place, see `training_batches`; None: none.
    """

    inputs: NDArray[Any]
    labels: NDArray[np.int64]
    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    views: NDArray[Any] | None = None


class EpochReporter(keras.callbacks.Callback):  # type: ignore[misc]
    """Says what happens, validates every epoch, keeps the best one and the checkpoints, and ends training early or when asked.

    Args:
        state: As training begins.
        before: The checkpoint with this state; None: from the start.

    Attributes:
        state: After the last whole epoch.
        best: Weights of the best epoch; None before the first whole one.
        val_probabilities: Of all whole epochs, float32 (validation photos, classes) each.
    """

    def __init__(
        self, channel: Channel, data: TrainingData, writer: CheckpointWriter, state: TrainingState, before: Checkpoint | None
    ) -> None:
        super().__init__()
        self._channel, self._job, self._data, self._writer = channel, channel.job, data, writer
        self.state = state
        self.best: Arrays | None = None if before is None else before.best
        self.val_probabilities = [] if before is None else list(before.val_probabilities)
        self._began_s = time.monotonic()
        self._said_s = 0.0
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Notes the time."""
        self._epoch, self._began_s = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Says the running means, a few times a second, and stops if it should."""
        self._channel.check()
        now_s = time.monotonic()
        if logs and now_s - self._said_s >= EVENT_EVERY_S:
            self._said_s = now_s
            loss, accuracy = float(logs["loss"]), float(logs["accuracy"])
            if np.isfinite(loss):
                self._channel.say(Batch(**self._job.stamp, epoch=self._epoch, batch=batch + 1, loss=loss, accuracy=accuracy))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Validates, keeps and says the epoch.

        Raises:
            FloatingPointError: If the loss is no longer a number.
        """
        assert logs is not None
        self._check_finite(logs["loss"], epoch)
        with computing_in(self.model, "float32"):
            probabilities = predict(self.model, self._data.inputs, self._data.validation, self._channel)
        val_loss, val_accuracy = loss_and_accuracy(probabilities, self._data.labels[self._data.validation])
        # The last step of an epoch may be the one that spoils the weights: the mean loss over the epoch hides it.
        self._check_finite(val_loss, epoch)
        figures = EpochFigures(
            loss=float(logs["loss"]),
            accuracy=float(logs["accuracy"]),
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            seconds=time.monotonic() - self._began_s,
        )
        self.state = self.state.and_then(figures)
        self.val_probabilities.append(probabilities)
        is_best = self.state.best_epoch == epoch
        checkpoint = checkpoint_of(self.model, self.state, None if is_best else self.best, self.val_probabilities)
        self.best = checkpoint.best
        written = self._writer.take(checkpoint)
        self._channel.say(Epoch.of(self._job.stamp, epoch, figures))
        if written:
            self._channel.say(Saved(**self._job.stamp, epoch=self.state.best_epoch))
        recipe = self._job.recipe
        self.model.stop_training = self.state.over(recipe.epochs, recipe.patience, self._job.patience_from)
        self._channel.check()

    def _check_finite(self, loss: float, epoch: int) -> None:
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"The loss is no longer a number in epoch {epoch + 1}: the learning rate is too large for this network. "
                f"Received: learning_rate={self._job.recipe.learning_rate:g}. Try a tenth of it."
            )
