"""Training: Keras' fit, watched epoch by epoch and batch by batch; behind a checkpoint it goes on as if it had never stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.features.precision import Precision
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import batches_per_epoch
from flowerlab.runs.checkpoints import Arrays, Checkpoint, Figures, TrainingState
from flowerlab.trainer.batches import training_batches
from flowerlab.trainer.channel import Channel, StopRequested
from flowerlab.trainer.checkpoint_writer import Keeper, checkpoint_of, put_weights, restore
from flowerlab.trainer.mixed_precision import computing_in
from flowerlab.trainer.model_pool import make_trainable

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
        parts.append(predict_chunk(model, inputs[positions[begin : begin + chunk_size]]))
    if step is not None:
        channel.say(step, done=len(positions), total=len(positions))
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), dtype=np.float32)


def predict_chunk(model: keras.Model, chunk: NDArray[Any]) -> NDArray[np.float32]:
    """Classifies inputs (n, …) of any kind of number at once; returns float32, (n, classes)."""
    return keras.ops.convert_to_numpy(model.predict_on_batch(chunk.astype(np.float32))).astype(np.float32)  # type: ignore[no-any-return]


def loss_and_accuracy(probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Returns (mean categorical cross-entropy, accuracy) of probabilities (n, classes), as Keras computes them."""
    chosen = np.clip(probabilities[np.arange(len(truth)), truth].astype(np.float64), EPSILON, 1 - EPSILON)
    return float(-np.log(chosen).mean()), float((probabilities.argmax(axis=1) == truth).mean())


@dataclass(frozen=True)
class Trained:
    """What training came to.

    Args:
        state: Behind the last whole epoch.
        val_probabilities: float32, (epochs, validation photos, classes), of all whole epochs.
        stopped: Whether Stop ended it.
    """

    state: TrainingState
    val_probabilities: NDArray[np.float32]
    stopped: bool


class _Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Says what happens, validates, keeps the best epoch and the checkpoints, and ends training early."""

    def __init__(
        self,
        channel: Channel,
        recipe: Recipe,
        inputs: NDArray[Any],
        labels: NDArray[np.int64],
        validation: NDArray[np.int64],
        keeper: Keeper,
        state: TrainingState,
        before: Checkpoint | None,
    ) -> None:
        super().__init__()
        self._channel, self._recipe, self._inputs, self._labels = channel, recipe, inputs, labels
        self._validation, self._keeper = validation, keeper
        self.state = state
        self.best: Arrays | None = None if before is None else before.best
        self.val_probabilities = [] if before is None else list(before.val_probabilities)
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
        with computing_in(self.model, "float32"):
            probabilities = predict(self.model, self._inputs, self._validation, self._channel)
        val_loss, val_accuracy = loss_and_accuracy(probabilities, self._labels[self._validation])
        # The last step of an epoch may be the one that spoils the weights: the mean loss over the epoch hides it.
        self._check_finite(val_loss, epoch)
        figures = Figures(
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
        written = self._keeper.take(checkpoint)
        self._channel.say("epoch", epoch=epoch, **figures.model_dump())
        if written:
            self._channel.say("saved", epoch=self.state.best_epoch)
        self.model.stop_training = self._recipe_is_done()
        self._channel.check()

    def _recipe_is_done(self) -> bool:
        return self.state.over(self._recipe.epochs, self._recipe.patience, self._channel.job.patience_from)

    def _check_finite(self, loss: float, epoch: int) -> None:
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"The loss is no longer a number in epoch {epoch + 1}: the learning rate is too large for this network. "
                f"Received: learning_rate={self._recipe.learning_rate:g}. Try a tenth of it."
            )


def train(
    model: keras.Model,
    recipe: Recipe,
    inputs: NDArray[Any],
    labels: NDArray[np.int64],
    training: NDArray[np.int64],
    validation: NDArray[np.int64],
    channel: Channel,
    keeper: Keeper,
    begin: TrainingState,
    before: Checkpoint | None = None,
    views: NDArray[Any] | None = None,
    precision: Precision = "float32",
) -> Trained:
    """Trains until the last epoch, early stopping, or Stop; afterwards the model has the best whole epoch's weights.

    Args:
        model: Inputs → probabilities; what is trainable in it learns.
        recipe: Epochs, batch size, optimizer, learning rate, patience, augmentation, seed.
        inputs: Photos or features, (n, …), memory-mapped.
        labels: int64, (n,).
        training: int64, positions that train.
        validation: int64, positions that validate.
        channel: Hears every event; asked whether to stop.
        keeper: Keeps what another attempt needs to go on.
        begin: Where to begin.
        before: The checkpoint with this state; None: from the start.
        views: Features of changed copies of the training photos, which train in their place; see `training_batches`.
        precision: In which gradients are computed; weights and validation are float32.

    Returns:
        What it came to.

    Raises:
        StopRequested: If Stop ended it before the first whole epoch.
        FloatingPointError: If the loss is no longer a number.
        RunFailed: If the checkpoint does not fit.
    """
    make_trainable(model, recipe)
    if before is not None:
        restore(model, before)
    stream = training_batches(
        inputs,
        labels,
        training,
        classes=model.output_shape[-1],
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        how=recipe.augment,
        first_epoch=begin.epochs_run,
        copies=recipe.augment_views,
        views=views,
    )
    watch = _Watch(channel, recipe, inputs, labels, validation, keeper, begin, before)
    stopped = False
    try:
        if not begin.over(recipe.epochs, recipe.patience, channel.job.patience_from):
            with computing_in(model, precision):
                model.fit(
                    stream,
                    initial_epoch=begin.epochs_run,
                    epochs=recipe.epochs,
                    steps_per_epoch=batches_per_epoch(len(training), recipe.batch_size),
                    callbacks=[watch],
                    # The stream has its order already.
                    shuffle=False,
                    verbose=0,
                )
    except StopRequested:
        stopped = True
    if watch.best is None:
        raise StopRequested
    # However it ended: whoever trains it further goes on behind its last whole epoch.
    keeper.write()
    put_weights(model, watch.best)
    return Trained(watch.state, np.stack(watch.val_probabilities), stopped)
