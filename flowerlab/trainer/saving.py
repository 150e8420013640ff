"""What an attempt came to: its model, its predictions and its result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.metrics import confusion_matrix, unknown_threshold
from flowerlab.features.precision import training_precision
from flowerlab.recipe.workload import PhotoCounts, wanted_way, workload_of
from flowerlab.runs.events import Result, Timing
from flowerlab.system.cpu import machine_name
from flowerlab.system.versions import versions_here
from flowerlab.trainer.fit import Trained
from flowerlab.trainer.preparation import Setup
from flowerlab.trainer.weight_changes import Weights, learning_weights, relative_changes

FILES = ("model.keras", "recipe.json", "predictions.npz")


@dataclass(frozen=True)
class Tested:
    """What the test came to.

    Args:
        probabilities: float32, (test photos, classes); None if the test was skipped.
        difference: How far the saved model's own answers lie from those of kept features, at most, on some photos; None if it
            was not measured.
    """

    probabilities: NDArray[np.float32] | None
    difference: float | None = None


def save_model(setup: Setup, folder: Path) -> None:
    """Writes the model, and the recipe beside it, into an attempt's folder."""
    model, recipe = setup.network.model, setup.job.recipe
    # The same layers without optimizer: the saved model classifies, it is not trained further.
    keras.Model(model.input, model.output, name=recipe.architecture).save(folder / "model.keras")
    # A copy of the folder needs the size and the resize of the photos that the model was made for.
    (folder / "recipe.json").write_text(recipe.model_dump_json(indent=2) + "\n", encoding="utf-8")


def save_predictions(setup: Setup, trained: Trained, tested: Tested, folder: Path) -> None:
    """Writes the answers to validation and test photos into an attempt's folder."""
    prepared, split = setup.prepared, setup.split
    ids, probabilities = np.asarray(prepared.ids), tested.probabilities
    if probabilities is None:
        probabilities = np.zeros((0, len(prepared.classes)), dtype=np.float32)
    test = split.test[: len(probabilities)]
    np.savez_compressed(
        folder / "predictions.npz",
        classes=np.asarray(prepared.classes),
        test_ids=ids[test],
        test_truth=prepared.labels[test],
        test_probabilities=probabilities,
        val_ids=ids[split.validation],
        val_truth=prepared.labels[split.validation],
        val_probabilities=trained.val_probabilities,
    )


def result_of(setup: Setup, trained: Trained, tested: Tested, weights_before: Weights, seconds_before: float) -> Result:
    """Returns what a run came to.

    Args:
        setup: What it trained with; its network has the weights that were saved.
        weights_before: What could learn, as the run's first epoch began.
        seconds_before: What the attempts before spent on training.
    """
    classes, state, recipe = setup.prepared.classes, trained.state, setup.job.recipe
    total, trainable = setup.network.counts()
    seconds = setup.watch.total + seconds_before
    accuracy = matrix = None
    if tested.probabilities is not None:
        truth, predicted = setup.prepared.labels[setup.split.test], tested.probabilities.argmax(axis=1)
        accuracy = float((predicted == truth).mean())
        matrix = confusion_matrix(truth, predicted, len(classes)).tolist()
    # What an attempt that continued another, or that was stopped in the middle of an epoch, took in all says little of a whole run.
    is_typical = tested.probabilities is not None and not seconds_before and not trained.stopped
    return Result(
        classes=classes,
        best_epoch=state.best_epoch,
        epochs_run=state.epochs_run,
        val_accuracy=state.val_accuracy,
        test_accuracy=accuracy,
        test_photos=0 if tested.probabilities is None else len(tested.probabilities),
        confusion_matrix=matrix,
        total_parameters=total,
        trainable_parameters=trainable,
        seconds=seconds,
        seconds_training=state.seconds_training,
        cached_features=setup.features is not None,
        features_at_hand=setup.features_reused,
        precision=setup.precision,
        training_precision=training_precision(setup.job.settings.training_precision, recipe),
        model_difference=tested.difference,
        unknown_below=unknown_threshold(trained.val_probabilities[state.best_epoch]),
        validation_photos=len(setup.split.validation),
        weight_changes=relative_changes(weights_before, learning_weights(setup.network.model)),
        versions=versions_here(),
        timing=_timing(setup, trained, seconds) if is_typical else None,
    )


def _timing(setup: Setup, trained: Trained, seconds: float) -> Timing:
    recipe, split, features, state = setup.job.recipe, setup.split, setup.features, trained.state
    photos = PhotoCounts(len(split.train), len(split.validation), len(split.test), len(setup.prepared.ids))
    way = "plain" if features is None else wanted_way(recipe)
    classes = len(setup.prepared.classes)
    begin = recipe.cut if features is None or features.reused else features.begin
    work = workload_of(recipe, photos, classes, way, begin=begin)
    copies = work.copies if setup.copies is not None and not setup.copies.reused else 0.0
    # What it computed for runs that wait is in its seconds, so it must be in its work.
    on_the_way = sum(
        workload_of(recipe, photos, classes, way, begin=first).features
        - workload_of(recipe, photos, classes, way, begin=last).features
        for first, last in setup.on_the_way
    )
    spent = setup.watch.seconds
    return Timing(
        machine=machine_name(),
        way=way,
        flops_features=work.features + on_the_way + copies,
        seconds_features=spent["features"],
        flops_training=work.epoch * state.epochs_run,
        batches=work.batches * state.epochs_run,
        seconds_training=state.seconds_training,
        flops_test=work.test,
        seconds_saving=spent["saving"],
        seconds_checking=spent["checking"],
        seconds_rest=max(0.0, seconds - state.seconds_training - sum(spent.values())),
    )
