"""One attempt at one run, from photos to matrix."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.datasets.splits import Split
from flowerlab.errors import BadRecipe, RunFailed
from flowerlab.events import Result
from flowerlab.home import Home, replace_file
from flowerlab.metrics import confusion_matrix
from flowerlab.recipe import Recipe
from flowerlab.trainer.batches import batches_per_epoch
from flowerlab.trainer.best import Best, BestEpochs
from flowerlab.trainer.channel import Channel, StopRequested
from flowerlab.trainer.features import compute_features
from flowerlab.trainer.fit import predict, train
from flowerlab.trainer.models import Network, build
from flowerlab.trainer.starting_weights import load_starting_weights
from flowerlab.trainer.tf_flowers import gather_tf_flowers

CHECKED_PHOTOS = 64
# Of a probability: what a saved model may differ from the reported figures.
MOST_DIFFERENCE = 0.002
LOG = logging.getLogger(__name__)


@dataclass
class _Run:
    """What the steps of one attempt hand to each other."""

    channel: Channel
    recipe: Recipe
    folder: Path
    prepared: Prepared
    split: Split
    network: Network
    trained: keras.Model
    inputs: NDArray[Any]
    cached: bool
    began_s: float


def run_job(channel: Channel) -> dict[str, Any]:
    """Runs one job and returns the fields of its `end` event.

    Raises:
        FlowerlabError: If it cannot be run, with a sentence.
        StopRequested: If it was stopped before it had anything to keep.
    """
    began_s = time.monotonic()
    # One process serves many runs: each begins as if it were the first.
    keras.utils.clear_session(free_memory=True)
    run = _make_ready(channel, began_s)
    keep = BestEpochs(run.folder)
    if channel.job.task != "train":
        best, stopped = keep.read(), True
        if best is not None:
            keep.load(run.trained, best)
    else:
        _say_start(run)
        best, stopped = _train(run, keep)
    if best is None:
        raise StopRequested
    val_probabilities = keep.val_probabilities(best, len(run.split.validation), len(run.prepared.classes))
    result, tested = _evaluate_and_save(run, best, val_probabilities)
    keep.clear()
    message = ""
    if stopped:
        message = f"Stopped after {best.epochs_run} of {run.recipe.epochs} epochs; the best one was kept."
    if not tested:
        message = f"{message} The test was skipped.".strip()
    return {"state": "stopped" if stopped or not tested else "done", "message": message, "result": result}


def _train(run: _Run, keep: BestEpochs) -> tuple[Best | None, bool]:
    try:
        return train(
            run.trained,
            run.recipe,
            run.inputs,
            run.prepared.labels,
            run.split.train,
            run.split.validation,
            run.channel,
            keep,
        )
    except FloatingPointError as error:
        raise RunFailed(str(error)) from error


def _make_ready(channel: Channel, began_s: float) -> _Run:
    """Gathers and resizes the photos, builds the network, computes frozen features."""
    home, recipe = Home(channel.job.home), Recipe.parse(channel.job.recipe)
    originals = gather(
        home, recipe.dataset, channel.job.garden, progress=channel.progress, tf_flowers=gather_tf_flowers
    )
    prepared = prepare(
        home, originals, recipe.dataset, image_size=recipe.image_size, resize=recipe.resize, progress=channel.progress
    )
    split = prepared.split(recipe.split, recipe.validation_fraction)
    if not (len(split.train) and len(split.validation) and len(split.test)):
        raise BadRecipe(
            "dataset", "has too few photos for a training, a validation and a test part.", received=recipe.dataset
        )
    channel.progress("Building the network", 0, 0)
    keras.utils.set_random_seed(recipe.seed)
    network = build(recipe, len(prepared.classes))
    load_starting_weights(network, recipe, home, channel.progress)
    trained, cached = network.model, False
    inputs: NDArray[Any] = prepared.photos
    if network.head is not None and recipe.augment == "none":
        inputs, _ = compute_features(home, prepared, network, recipe.architecture, channel.progress)
        trained, cached = network.head, True
    folder = home.run(channel.job.run_id)
    return _Run(channel, recipe, folder, prepared, split, network, trained, inputs, cached, began_s)


def _say_start(run: _Run) -> None:
    total, trainable = run.network.counts()
    run.channel.say(
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
    )


def _evaluate_and_save(run: _Run, best: Best, val_probabilities: NDArray[np.float32]) -> tuple[Result, bool]:
    """Writes the model, tests it unless the task is `save`, writes the predictions.

    Returns:
        The result, and whether the test was made.
    """
    scratch = run.folder / "part.keras"
    # The same layers without optimizer: the saved model classifies, it does not go on training.
    keras.Model(run.network.model.input, run.network.model.output, name=run.recipe.architecture).save(scratch)
    # Whoever copies the folder needs the size and the resize of the photos that the model was made for.
    replace_file(run.folder / "recipe.json", (run.recipe.model_dump_json(indent=2) + "\n").encode())
    scratch.replace(run.folder / "model.keras")
    run.channel.say("evaluating", done=0, total=len(run.split.test))
    run.channel.defer_no_more()
    probabilities, difference = _test(run)
    tested = probabilities is not None
    if probabilities is None:
        probabilities = np.zeros((0, len(run.prepared.classes)), dtype=np.float32)
    truth = run.prepared.labels[run.split.test][: len(probabilities)]
    ids = np.asarray(run.prepared.ids)
    part = run.folder / "part.npz"
    np.savez_compressed(
        part,
        classes=np.asarray(run.prepared.classes),
        test_ids=ids[run.split.test][: len(truth)],
        test_truth=truth,
        test_probabilities=probabilities,
        val_ids=ids[run.split.validation],
        val_truth=run.prepared.labels[run.split.validation],
        val_probabilities=val_probabilities,
    )
    part.replace(run.folder / "predictions.npz")
    predicted = probabilities.argmax(axis=1)
    total, trainable = run.network.counts()
    result = Result(
        classes=run.prepared.classes,
        best_epoch=best.epoch,
        epochs_run=best.epochs_run,
        val_accuracy=best.val_accuracy,
        test_accuracy=float((predicted == truth).mean()) if tested else None,
        test_photos=len(truth),
        confusion_matrix=confusion_matrix(truth, predicted, len(run.prepared.classes)).tolist() if tested else None,
        total_parameters=total,
        trainable_parameters=trainable,
        seconds=time.monotonic() - run.began_s,
        seconds_training=best.seconds_training,
        cached_features=run.cached,
        model_difference=difference,
    )
    return result, tested


def _test(run: _Run) -> tuple[NDArray[np.float32] | None, float | None]:
    """Classifies the test photos.

    Returns:
        float32 (test photos, classes), None if the test was skipped; and, if they were computed from kept features, how far
        the saved model's own answers lie from those, at most, on some photos. Where that is more than rounding should
        make, all are the saved model's own.
    """
    if run.channel.job.task == "save":
        return None, None
    try:
        probabilities = predict(run.trained, run.inputs, run.split.test, run.channel, step="evaluating")
        if not run.cached:
            return probabilities, None
        chosen = run.split.test[:CHECKED_PHOTOS]
        direct = predict(run.network.model, run.prepared.photos, chosen, run.channel)
        difference = float(np.abs(direct - probabilities[: len(chosen)]).max())
        if difference > MOST_DIFFERENCE:
            LOG.warning("The saved model's answers differ by %.4f from those of the kept features.", difference)
            probabilities = predict(
                run.network.model, run.prepared.photos, run.split.test, run.channel, step="evaluating"
            )
    except StopRequested:
        return None, None
    return probabilities, difference
