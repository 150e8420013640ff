"""Training: Keras' fit, watched epoch by epoch and batch by batch."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.recipe import Recipe
from flowerlab.trainer.batches import training_batches
from flowerlab.trainer.best import Best, BestEpochs
from flowerlab.trainer.channel import Channel, StopRequested
from flowerlab.trainer.shelf import make_trainable
from flowerlab.work import batches_per_epoch

BATCH_EVENT_EVERY_S = 0.2
# Photos: so few that Stop need not wait long for VGG16 on two slow cores. Features have gone through most of it.
PHOTOS_CHUNK, FEATURES_CHUNK = 16, 64
# Keras clips probabilities to this before the logarithm (keras.config.epsilon()).
EPSILON = 1e-7


def predict(
    model: keras.Model, inputs: NDArray[Any], positions: NDArray[np.int64], channel: Channel, *, step: str | None = None
) -> NDArray[np.float32]:
    """Classifies some of the inputs, heeding Stop between batches.

    Args:
        model: Inputs → probabilities.
        inputs: (n, …), memory-mapped.
        positions: int64, (m,), which of them.
        channel: Asked whether to stop.
        step: If given, the event that says how far it is (`evaluating`).

    Returns:
        float32, (m, classes).
    """
    parts = []
    said_s = -1.0
    chunk_size = PHOTOS_CHUNK if inputs.dtype == np.uint8 else FEATURES_CHUNK
    for begin in range(0, len(positions), chunk_size):
        channel.check()
        if step is not None and time.monotonic() - said_s > BATCH_EVENT_EVERY_S:
            said_s = time.monotonic()
            channel.say(step, done=begin, total=len(positions))
        chunk = inputs[positions[begin : begin + chunk_size]].astype(np.float32)
        parts.append(keras.ops.convert_to_numpy(model.predict_on_batch(chunk)).astype(np.float32))
    if step is not None:
        channel.say(step, done=len(positions), total=len(positions))
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), dtype=np.float32)


def loss_and_accuracy(probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Returns (mean categorical cross-entropy, accuracy) of probabilities (n, classes), as Keras computes them."""
    chosen = np.clip(probabilities[np.arange(len(truth)), truth].astype(np.float64), EPSILON, 1 - EPSILON)
    return float(-np.log(chosen).mean()), float((probabilities.argmax(axis=1) == truth).mean())


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Says what happens, validates, and keeps the best epoch; stands before EarlyStopping, which reads its figures."""

    def __init__(
        self, channel: Channel, recipe: Recipe, inputs: NDArray[Any], labels: NDArray[np.int64],
        validation: NDArray[np.int64], best: BestEpochs,
    ) -> None:  # fmt: skip
        super().__init__()
        self._channel, self._recipe, self._inputs, self._labels = channel, recipe, inputs, labels
        self._validation, self._keep = validation, best
        self.best: Best | None = None
        self._began_s = time.monotonic()
        self._said_s = 0.0
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch, self._began_s = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self._channel.check()
        now_s = time.monotonic()
        if logs and (now_s - self._said_s >= BATCH_EVENT_EVERY_S):
            self._said_s = now_s
            figures = {"loss": float(logs["loss"]), "accuracy": float(logs["accuracy"])}
            if not np.isfinite(figures["loss"]):
                return
            self._channel.say("batch", epoch=self._epoch, batch=batch + 1, **figures)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        self._check_finite(logs["loss"], epoch)
        probabilities = predict(self.model, self._inputs, self._validation, self._channel)
        val_loss, val_accuracy = loss_and_accuracy(probabilities, self._labels[self._validation])
        # The last step of an epoch may be the one that spoils the weights: the mean loss over the epoch hides it.
        self._check_finite(val_loss, epoch)
        logs.update(val_loss=val_loss, val_accuracy=val_accuracy)
        seconds = time.monotonic() - self._began_s
        before = self.best
        self.best = Best(
            epoch=epoch if before is None or val_accuracy > before.val_accuracy else before.epoch,
            val_accuracy=val_accuracy if before is None else max(val_accuracy, before.val_accuracy),
            epochs_run=epoch + 1,
            seconds_training=seconds + (before.seconds_training if before else 0.0),
        )
        is_best = self._keep.take(self.model, self.best, probabilities)
        figures = {"loss": float(logs["loss"]), "accuracy": float(logs["accuracy"])}
        self._channel.say(
            "epoch", epoch=epoch, **figures, val_loss=val_loss, val_accuracy=val_accuracy, seconds=seconds
        )
        if is_best:
            self._channel.say("saved", epoch=epoch)
        self._channel.check()

    def _check_finite(self, loss: float, epoch: int) -> None:
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"The loss is no longer a number in epoch {epoch + 1}: the learning rate is too large for this network. "
                f"Received: learning_rate={self._recipe.learning_rate:g}. Try a tenth of it."
            )


def train(
    model: keras.Model, recipe: Recipe, inputs: NDArray[Any], labels: NDArray[np.int64],
    training: NDArray[np.int64], validation: NDArray[np.int64], channel: Channel, keep: BestEpochs,
    views: NDArray[Any] | None = None,
) -> tuple[Best | None, bool]:  # fmt: skip
    """Trains until the last epoch, early stopping, or Stop; afterwards the model has the best whole epoch's weights.

    Args:
        model: Inputs → probabilities; what is trainable in it learns.
        recipe: Epochs, batch size, optimizer, learning rate, patience, augmentation, seed.
        inputs: Photos or features, (n, …), memory-mapped.
        labels: int64, (n,).
        training: int64, positions that train.
        validation: int64, positions that validate.
        channel: Hears every event; asked whether to stop.
        keep: Keeps the best epoch on disk.
        views: Features of changed copies of the training photos, which train in their place; see `training_batches`.

    Returns:
        The state after the last whole epoch (None if there was none), and whether Stop ended it.
    """
    make_trainable(model, recipe)
    stream = training_batches(
        inputs, labels, training, classes=model.output_shape[-1],
        batch_size=recipe.batch_size, seed=recipe.seed, how=recipe.augment,
        copies=recipe.augment_views, views=views,
    )  # fmt: skip
    watch = _Watch(channel, recipe, inputs, labels, validation, keep)
    early = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=recipe.patience, restore_best_weights=True)
    stopped = False
    try:
        model.fit(
            stream,
            epochs=recipe.epochs,
            steps_per_epoch=batches_per_epoch(len(training), recipe.batch_size),
            callbacks=[watch, early],
            # The stream has its order already.
            shuffle=False,
            verbose=0,
        )
    except StopRequested:
        stopped = True
        if early.best_weights is not None:
            model.set_weights(early.best_weights)
        if watch.best is not None and early.best_epoch != watch.best.epoch:
            # Stop came between our callback and Keras': the newest epoch is whole, and it is the best.
            keep.load(model, watch.best)
    return watch.best, stopped
