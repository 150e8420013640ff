"""Training: Keras' fit, which after a checkpoint continues as if it had never stopped."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.features.precision import training_precision
from flowerlab.recipe.workload import batches_per_epoch
from flowerlab.runs.checkpoints import Checkpoint, TrainingState
from flowerlab.trainer.batches import training_batches
from flowerlab.trainer.callbacks import EpochReporter, TrainingData
from flowerlab.trainer.channel import Channel, StopRequested
from flowerlab.trainer.checkpoint_writer import CheckpointWriter, put_weights, restore
from flowerlab.trainer.mixed_precision import computing_in
from flowerlab.trainer.networks import make_trainable


@dataclass(frozen=True)
class Trained:
    """What training came to.

    Args:
        state: After the last whole epoch.
        val_probabilities: float32, (epochs, validation photos, classes), of all whole epochs.
    """

    state: TrainingState
    val_probabilities: NDArray[np.float32]
    stopped: bool


def train(
    model: keras.Model,
    data: TrainingData,
    channel: Channel,
    writer: CheckpointWriter,
    begin: TrainingState,
    before: Checkpoint | None,
) -> Trained:
    """Trains until the last epoch, early stopping, or Stop; afterwards the model has the best whole epoch's weights.

    Args:
        model: Inputs → probabilities; what is trainable in it learns.
        before: The checkpoint with this state; None: from the start.

    Raises:
        StopRequested: If Stop ended it before the first whole epoch.
        FloatingPointError: If the loss is no longer a number.
        RunFailed: If the checkpoint does not fit.
    """
    job, recipe = channel.job, channel.job.recipe
    make_trainable(model, recipe)
    if before is not None:
        restore(model, before)
    stream = training_batches(
        data.inputs,
        data.labels,
        data.training,
        classes=model.output_shape[-1],
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        how=recipe.augment,
        first_epoch=begin.epochs_run,
        copies=recipe.augment_views,
        views=data.views,
    )
    reporter = EpochReporter(channel, data, writer, begin, before)
    stopped = False
    try:
        if not begin.over(recipe.epochs, recipe.patience, job.patience_from):
            with computing_in(model, training_precision(job.settings.training_precision, recipe)):
                model.fit(
                    stream,
                    initial_epoch=begin.epochs_run,
                    epochs=recipe.epochs,
                    steps_per_epoch=batches_per_epoch(len(data.training), recipe.batch_size),
                    callbacks=[reporter],
                    # The stream has its order already.
                    shuffle=False,
                    verbose=0,
                )
    except StopRequested:
        stopped = True
    if reporter.best is None:
        raise StopRequested
    # However it ended: the run can be trained further after its last whole epoch.
    writer.write()
    put_weights(model, reporter.best)
    return Trained(reporter.state, np.stack(reporter.val_probabilities), stopped)
