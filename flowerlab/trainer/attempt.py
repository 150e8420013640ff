"""One attempt at one run, from photos to matrix."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.datasets.splits import Split
from flowerlab.engine.protocol import Job
from flowerlab.errors import BadRecipe, RunFailed
from flowerlab.evaluation.metrics import confusion_matrix, unknown_threshold
from flowerlab.features.cache import KeptFeatures, NoRoom
from flowerlab.features.precision import Precision, frozen_precision, good_enough, training_precision
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import CHECKED_PHOTOS, Photos, batches_per_epoch, wanted_way, work_of
from flowerlab.runs.attempts import Workplace, claim
from flowerlab.runs.checkpoints import Checkpoint, TrainingState, read_checkpoint
from flowerlab.runs.events import Result, Timing
from flowerlab.system.cpu import machine_name
from flowerlab.system.versions import versions_here
from flowerlab.trainer.channel import Channel, StopRequested
from flowerlab.trainer.checkpoint_writer import Keeper, hash_of_frozen, put_weights
from flowerlab.trainer.features import Computed, FrozenPart, Progress, Views
from flowerlab.trainer.fit import Trained, predict, train
from flowerlab.trainer.model_pool import Shelf
from flowerlab.trainer.networks import Network, build
from flowerlab.trainer.starting_weights import load_starting_weights
from flowerlab.trainer.tfds import gather_tf_flowers
from flowerlab.trainer.weight_changes import Weights, learning_weights, relative_changes

# Of a probability: how far the saved model's answers on some photos may lie from those of kept features. With bfloat16 0.02 is
# promised for all photos; the few that are looked at must stay within half of it.
MOST_DIFFERENCE = {"float32": 0.002, "bfloat16": 0.01}
SHELF = Shelf()
LOG = logging.getLogger(__name__)


@dataclass
class _Run:
    """What the steps of one attempt hand to each other."""

    job: Job
    recipe: Recipe
    folder: Path
    prepared: Prepared
    split: Split
    network: Network
    trained: keras.Model
    inputs: NDArray[Any]
    began_s: float
    computed: Computed | None = None
    copies: Computed | None = None
    precision: Precision = "float32"
    on_the_way: list[tuple[int, int]] = field(default_factory=list)
    weights_before: Weights = field(default_factory=dict)
    seconds_before: float = 0.0
    seconds_photos: float = 0.0
    seconds_features: float = 0.0
    seconds_saving: float = 0.0
    seconds_checking: float = 0.0

    @property
    def cached(self) -> bool:
        """Whether it trains on kept features."""
        return self.computed is not None

    @property
    def features_at_hand(self) -> bool | None:
        """Whether all features were there before; None if it trains without."""
        if self.computed is None:
            return None
        return self.computed.at_hand and (self.copies is None or self.copies.at_hand)


def run_job(channel: Channel) -> dict[str, Any]:
    """Runs one job and returns the fields of its `end` event.

    Raises:
        FlowerlabError: If it cannot be run, with a sentence.
        StopRequested: If it was stopped before it had anything to keep.
    """
    place = claim(Home(channel.job.home).run(channel.job.run_id), channel.job.attempt)
    with ExitStack() as stack:
        return _run_to_end(_make_ready(channel.job, channel.progress, stack), channel, place)


def keep_features(job: Job, progress: Progress) -> bool:
    """Computes and keeps the frozen features that a job would train on; returns whether they are kept now.

    Args:
        job: Nothing of it is trained.
        progress: Called with (step, done, total); may raise to give up.
    """
    with ExitStack() as stack:
        return _make_ready(job, progress, stack).cached


def _run_to_end(run: _Run, channel: Channel, place: Workplace) -> dict[str, Any]:
    run.weights_before = learning_weights(run.network.model)
    before = read_checkpoint(place.folder)
    begin = TrainingState(photos=run.prepared.key, frozen=hash_of_frozen(run.network.model))
    if before is not None:
        for name, what in (("photos", "photos"), ("frozen", "weights of its frozen layers")):
            if getattr(before.state, name) != getattr(begin, name):
                raise RunFailed(
                    f"The {what} are not those that this run has trained with, so it cannot go on. Train the recipe again as a new run."
                )
        begin = before.state
    _say_start(run, channel, begin)
    if run.job.task == "train":
        run.seconds_before = begin.seconds_training
        trained = _train(run, channel, place, begin, before)
    elif before is None:
        raise StopRequested
    else:
        put_weights(run.trained, before.best)
        trained = Trained(before.state, before.val_probabilities, stopped=True)
    result, tested = _evaluate_and_save(run, channel, trained, place)
    message = ""
    if trained.stopped:
        message = f"Stopped after {trained.state.epochs_run} of {run.recipe.epochs} epochs; the best one was kept."
    if not tested:
        message = f"{message} The test was skipped.".strip()
    return {"state": "stopped" if trained.stopped or not tested else "done", "message": message, "result": result}


def _train(run: _Run, channel: Channel, place: Workplace, begin: TrainingState, before: Checkpoint | None) -> Trained:
    try:
        return train(
            run.trained,
            run.recipe,
            run.inputs,
            run.prepared.labels,
            run.split.train,
            run.split.validation,
            channel,
            Keeper(place),
            begin,
            before,
            None if run.copies is None else run.copies.features,
            training_precision(run.job.training_precision, run.recipe),
        )
    except FloatingPointError as error:
        raise RunFailed(str(error)) from error


def _make_ready(job: Job, progress: Progress, stack: ExitStack) -> _Run:
    """Gathers and resizes the photos, builds the network, computes frozen features.

    Args:
        job: What to make ready.
        progress: Called with (step, done, total); may raise to give up.
        stack: Ends with the run; holds the features until then.
    """
    began_s = time.monotonic()
    # One process serves many runs: each begins as if it were the first.
    keras.utils.clear_session(free_memory=True)
    home, recipe = Home(job.home), Recipe.parse(job.recipe)
    originals = gather(home, recipe.dataset, job.garden, progress=progress, tf_flowers=gather_tf_flowers)
    prepared = prepare(home, originals, recipe.dataset, image_size=recipe.image_size, resize=recipe.resize, progress=progress)
    split = prepared.split(recipe.split, recipe.validation_fraction)
    if not (len(split.train) and len(split.validation) and len(split.test)):
        raise BadRecipe("dataset", "has too few photos for a training, a validation and a test part.", received=recipe.dataset)
    seconds_photos = time.monotonic() - began_s
    progress("Building the network", 0, 0)
    keras.utils.set_random_seed(recipe.seed)
    network = build(recipe, len(prepared.classes))
    load_starting_weights(network, recipe, home, progress)
    network = SHELF.exchange(network, recipe, len(prepared.classes), training_precision(job.training_precision, recipe))
    run = _Run(
        job,
        recipe,
        home.run(job.run_id),
        prepared,
        split,
        network,
        network.model,
        prepared.photos,
        began_s,
        seconds_photos=seconds_photos,
    )
    if job.features != "off" and wanted_way(recipe) != "plain":
        features_began_s = time.monotonic()
        _use_features(run, home, progress, stack)
        run.seconds_features = time.monotonic() - features_began_s
    return run


def _use_features(run: _Run, home: Home, progress: Progress, stack: ExitStack) -> None:
    """Lets the photos go through the frozen layers once; where that cannot be, the run trains the plain way, and says why."""
    job, recipe = run.job, run.recipe
    kept = KeptFeatures(home, job.features_gb)
    precision = frozen_precision(job.precision, recipe.chosen)
    part = FrozenPart(
        kept,
        run.prepared,
        run.network,
        recipe.chosen,
        precision=precision,
        good_enough=good_enough(job.precision, precision),
        exact=job.features == "float32",
        origin=job.origin,
        stack=stack,
    )
    copies = Views(recipe.augment, recipe.seed, recipe.augment_views, run.split.train) if recipe.augment_views else None
    try:
        if copies is not None and not (part.is_kept() and part.is_kept(copies)):
            together = part.bytes_at(run.network.cut) + part.bytes_at(run.network.cut, copies.copies * len(copies.training))
            if not kept.fits(together):
                raise NoRoom("photos and copies together are more than may be kept")
        run.on_the_way = part.keep_on_the_way(job.also_keep, progress)
        computed = part.features(progress)
        run.copies = None if copies is None else part.features(progress, copies)
    except (OSError, NoRoom) as error:
        LOG.warning("The features cannot be kept (%s): every photo goes through all layers in every epoch.", error)
        return
    assert run.network.rest is not None
    run.computed, run.trained, run.inputs = computed, run.network.rest, computed.features
    run.precision = part.precision


def _say_start(run: _Run, channel: Channel, begin: TrainingState) -> None:
    """Says that training begins, and what the epochs before came to: a killed lab may never have heard of the last of them."""
    total, trainable = run.network.counts()
    channel.say(
        "start",
        epochs=run.recipe.epochs,
        batches=batches_per_epoch(len(run.split.train), run.recipe.batch_size),
        total_parameters=total,
        trainable_parameters=trainable,
        train_photos=len(run.split.train),
        validation_photos=len(run.split.validation),
        test_photos=len(run.split.test),
        classes=run.prepared.classes,
        cached_features=run.cached,
        first_epoch=begin.epochs_run,
    )
    for number, figures in enumerate(begin.epochs):
        channel.say("epoch", epoch=number, **figures.model_dump())


def _evaluate_and_save(run: _Run, channel: Channel, trained: Trained, place: Workplace) -> tuple[Result, bool]:
    """Writes the model, tests it unless the task is `save`, writes the predictions, and then puts both into place.

    Returns:
        The result, and whether the test was made.
    """
    # Before the test: whoever skips that waits for little then.
    saving_began_s = time.monotonic()
    # The same layers without optimizer: the saved model classifies, it does not go on training.
    keras.Model(run.network.model.input, run.network.model.output, name=run.recipe.architecture).save(place.folder / "model.keras")
    # Whoever copies the folder needs the size and the resize of the photos that the model was made for.
    (place.folder / "recipe.json").write_text(run.recipe.model_dump_json(indent=2) + "\n", encoding="utf-8")
    run.seconds_saving = time.monotonic() - saving_began_s
    channel.say("evaluating", done=0, total=len(run.split.test))
    channel.defer_no_more()
    probabilities, difference = _test(run, channel)
    tested = probabilities is not None
    if probabilities is None:
        probabilities = np.zeros((0, len(run.prepared.classes)), dtype=np.float32)
    truth = run.prepared.labels[run.split.test][: len(probabilities)]
    ids = np.asarray(run.prepared.ids)
    saving_began_s = time.monotonic()
    np.savez_compressed(
        place.folder / "predictions.npz",
        classes=np.asarray(run.prepared.classes),
        test_ids=ids[run.split.test][: len(truth)],
        test_truth=truth,
        test_probabilities=probabilities,
        val_ids=ids[run.split.validation],
        val_truth=run.prepared.labels[run.split.validation],
        val_probabilities=trained.val_probabilities,
    )
    place.publish("model.keras", "recipe.json", "predictions.npz")
    run.seconds_saving += time.monotonic() - saving_began_s
    predicted = probabilities.argmax(axis=1)
    total, trainable = run.network.counts()
    seconds = time.monotonic() - run.began_s + run.seconds_before
    state = trained.state
    result = Result(
        classes=run.prepared.classes,
        best_epoch=state.best_epoch,
        epochs_run=state.epochs_run,
        val_accuracy=state.val_accuracy,
        test_accuracy=float((predicted == truth).mean()) if tested else None,
        test_photos=len(truth),
        confusion_matrix=confusion_matrix(truth, predicted, len(run.prepared.classes)).tolist() if tested else None,
        total_parameters=total,
        trainable_parameters=trainable,
        seconds=seconds,
        seconds_training=state.seconds_training,
        cached_features=run.cached,
        features_at_hand=run.features_at_hand,
        precision=run.precision,
        training_precision=training_precision(run.job.training_precision, run.recipe),
        model_difference=difference,
        unknown_below=unknown_threshold(trained.val_probabilities[state.best_epoch]),
        validation_photos=len(run.split.validation),
        weight_changes=relative_changes(run.weights_before, learning_weights(run.network.model)),
        versions=versions_here(),
        # What an attempt that went on, or one that was stopped in the middle of an epoch, took in all says little about a whole run.
        timing=_timing(run, state, seconds) if tested and not run.seconds_before and not trained.stopped else None,
    )
    return result, tested


def _timing(run: _Run, state: TrainingState, seconds: float) -> Timing:
    split = run.split
    photos = Photos(len(split.train), len(split.validation), len(split.test), len(run.prepared.ids))
    way = wanted_way(run.recipe) if run.cached else "plain"
    classes = len(run.prepared.classes)
    begin = run.recipe.cut if run.computed is None or run.computed.at_hand else run.computed.begin
    work = work_of(run.recipe, photos, classes, way, begin=begin)
    copies = work.copies if run.copies is not None and not run.copies.at_hand else 0.0
    # What it computed for runs that wait is in its seconds, so it must be in its work.
    on_the_way = sum(
        work_of(run.recipe, photos, classes, way, begin=first).features
        - work_of(run.recipe, photos, classes, way, begin=last).features
        for first, last in run.on_the_way
    )
    told = run.seconds_features + state.seconds_training + run.seconds_saving + run.seconds_checking
    return Timing(
        machine=machine_name(),
        way=way,
        flops_features=work.features + on_the_way + copies,
        seconds_features=run.seconds_features,
        flops_training=work.epoch * state.epochs_run,
        batches=work.batches * state.epochs_run,
        seconds_training=state.seconds_training,
        flops_test=work.test,
        seconds_saving=run.seconds_saving,
        seconds_checking=run.seconds_checking,
        seconds_rest=max(0.0, seconds - told - run.seconds_photos),
    )


def _test(run: _Run, channel: Channel) -> tuple[NDArray[np.float32] | None, float | None]:
    """Classifies the test photos.

    Returns:
        float32 (test photos, classes), None if the test was skipped; and, if they were computed from kept features, how far
        the saved model's own answers lie from those, at most, on some photos. Where that is more than rounding should
        make, all are the saved model's own.
    """
    if run.job.task == "save":
        return None, None
    try:
        probabilities = predict(run.trained, run.inputs, run.split.test, channel, step="evaluating")
        if not run.cached:
            return probabilities, None
        checking_began_s = time.monotonic()
        chosen = run.split.test[:CHECKED_PHOTOS]
        direct = predict(run.network.model, run.prepared.photos, chosen, channel)
        difference = float(np.abs(direct - probabilities[: len(chosen)]).max())
        if difference > MOST_DIFFERENCE[run.precision]:
            LOG.warning("The saved model's answers differ by %.4f from those of the kept features.", difference)
            probabilities = predict(run.network.model, run.prepared.photos, run.split.test, channel, step="evaluating")
        run.seconds_checking = time.monotonic() - checking_began_s
    except StopRequested:
        return None, None
    return probabilities, difference
