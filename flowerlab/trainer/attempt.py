"""One attempt at one run, from photos to matrix: prepare, train, test, save."""

from __future__ import annotations

import logging
from contextlib import ExitStack

import numpy as np

from flowerlab.engine.protocol import Job
from flowerlab.errors import RunFailed
from flowerlab.home import Home
from flowerlab.recipe.workload import CHECKED_PHOTOS, batches_per_epoch
from flowerlab.runs.attempts import claim
from flowerlab.runs.checkpoints import Checkpoint, TrainingState, read_checkpoint
from flowerlab.runs.events import End, Epoch, Evaluating, Start
from flowerlab.system.progress import Progress
from flowerlab.trainer.callbacks import TrainingData
from flowerlab.trainer.channel import Channel, StopRequested
from flowerlab.trainer.checkpoint_writer import CheckpointWriter, hash_of_frozen, put_weights
from flowerlab.trainer.fit import Trained, train
from flowerlab.trainer.prediction import predict
from flowerlab.trainer.preparation import Setup, make_setup
from flowerlab.trainer.saving import FILES, Tested, result_of, save_model, save_predictions
from flowerlab.trainer.weight_changes import learning_weights

# Of a probability: how far the saved model's answers on some photos may lie from those of kept features. With bfloat16 0.02 is
# promised for all photos; the few that are looked at must stay within half of it.
MOST_DIFFERENCE = {"float32": 0.002, "bfloat16": 0.01}
LOG = logging.getLogger(__name__)


def keep_features(job: Job, home: Home, progress: Progress) -> bool:
    """Computes and keeps the frozen features that a job would train on, and trains nothing.

    Args:
        progress: Called with (step, done, total); may raise to give up.

    Returns:
        Whether they are kept now.
    """
    with ExitStack() as stack:
        return make_setup(job, home, progress, stack).features is not None


def run_job(channel: Channel, home: Home) -> End:
    """Runs a job and returns its `end` event, which is not said yet.

    Raises:
        FlowerlabError: If it cannot be run, with a sentence.
        StopRequested: If it was stopped before it had anything to keep.
    """
    job = channel.job
    place = claim(home.run(job.run_id), job.attempt)
    with ExitStack() as stack:
        setup = make_setup(job, home, channel.progress, stack)
        weights_before = learning_weights(setup.network.model)
        before = read_checkpoint(place.folder)
        begin = _begin(setup, before)
        _say_start(setup, channel, begin)
        trained = _train(setup, channel, CheckpointWriter(place), begin, before)
        # Before the test: who skips that has to wait for little then.
        with setup.watch.on("saving"):
            save_model(setup, place.folder)
        channel.say(Evaluating(**job.stamp, done=0, total=len(setup.split.test)))
        channel.defer_no_more()
        tested = _test(setup, channel)
        with setup.watch.on("saving"):
            save_predictions(setup, trained, tested, place.folder)
            place.publish(*FILES)
        seconds_before = begin.seconds_training if job.task == "train" else 0.0
        result = result_of(setup, trained, tested, weights_before, seconds_before)
    skipped = tested.probabilities is None
    message = f"Stopped after {result.epochs_run} of {job.recipe.epochs} epochs; the best one was kept." if trained.stopped else ""
    if skipped:
        message = f"{message} The test was skipped.".strip()
    return End(**job.stamp, state="stopped" if trained.stopped or skipped else "done", message=message, result=result)


def _begin(setup: Setup, before: Checkpoint | None) -> TrainingState:
    """Returns where training begins.

    Raises:
        RunFailed: If the run has trained with others than the photos and frozen weights that are here.
    """
    here = TrainingState(photos=setup.prepared.key, frozen=hash_of_frozen(setup.network.model))
    if before is None:
        return here
    for name, what in (("photos", "photos"), ("frozen", "weights of its frozen layers")):
        if getattr(before.state, name) != getattr(here, name):
            raise RunFailed(
                f"The {what} are not those that this run has trained with, so it cannot go on. Train the recipe again as a new run."
            )
    return before.state


def _say_start(setup: Setup, channel: Channel, begin: TrainingState) -> None:
    """Says that training begins, and what the epochs before came to: a killed lab may never have heard of the last of them."""
    job, split = channel.job, setup.split
    total, trainable = setup.network.counts()
    channel.say(
        Start(
            **job.stamp,
            epochs=job.recipe.epochs,
            batches=batches_per_epoch(len(split.train), job.recipe.batch_size),
            total_parameters=total,
            trainable_parameters=trainable,
            train_photos=len(split.train),
            validation_photos=len(split.validation),
            test_photos=len(split.test),
            classes=setup.prepared.classes,
            cached_features=setup.features is not None,
            first_epoch=begin.epochs_run,
        )
    )
    for number, figures in enumerate(begin.epochs):
        channel.say(Epoch.of(job.stamp, number, figures))


def _train(setup: Setup, channel: Channel, writer: CheckpointWriter, begin: TrainingState, before: Checkpoint | None) -> Trained:
    """Trains; where the job is only to finish, what earlier attempts came to.

    Raises:
        RunFailed: If the loss is no longer a number.
        StopRequested: If there is no whole epoch.
    """
    if channel.job.task == "train":
        views = None if setup.copies is None else setup.copies.features
        data = TrainingData(setup.inputs, setup.prepared.labels, setup.split.train, setup.split.validation, views)
        try:
            return train(setup.trained, data, channel, writer, begin, before)
        except FloatingPointError as error:
            raise RunFailed(str(error)) from error
    if before is None:
        raise StopRequested
    put_weights(setup.trained, before.best)
    return Trained(before.state, before.val_probabilities, stopped=True)


def _test(setup: Setup, channel: Channel) -> Tested:
    """Classifies the test photos.

    Where they are computed from kept features, and the saved model's own answers to some photos differ by more than rounding should
    make, all are the saved model's own.
    """
    if channel.job.task == "save":
        return Tested(None)
    test, photos = setup.split.test, setup.prepared.photos
    try:
        probabilities = predict(setup.trained, setup.inputs, test, channel, tests=True)
        if setup.features is None:
            return Tested(probabilities)
        with setup.watch.on("checking"):
            direct = predict(setup.network.model, photos, test[:CHECKED_PHOTOS], channel)
            difference = float(np.abs(direct - probabilities[: len(direct)]).max())
            if difference > MOST_DIFFERENCE[setup.precision]:
                LOG.warning("The saved model's answers differ by %.4f from those of the kept features.", difference)
                probabilities = predict(setup.network.model, photos, test, channel, tests=True)
    except StopRequested:
        return Tested(None)
    return Tested(probabilities, difference)
