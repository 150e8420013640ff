"""Finished runs whose answers are drawn at random, for measuring what does not depend on how right they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.evaluation.confusion import cell_sizes
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End, Epoch, Result
from flowerlab.runs.run import Run
from flowerlab.store import Store

RIGHT_SHARE = 0.8


def random_run(
    store: Store,
    home: Home,
    originals: Originals,
    number: int,
    *,
    recipe: Recipe | None = None,
    name: str | None = None,
    materials: str | None = None,
    epochs: int = 1,
    weight_changes: dict[str, float] | None = None,
) -> tuple[Run, NDArray[np.float32]]:
    """Writes a run with random answers to every photo; returns it with its probabilities, float32, (photos, classes).

    Args:
        store, home: That take the run.
        originals: The photos that it has answered.
        number: Decides its answers.
        recipe: Its recipe; None: the default one with another seed.
        name: Of the run; None: by its number.
        materials: What distinguishes its photos and weights; None: those photos.
        epochs: After how many its validation photos were answered.
        weight_changes: Of its result.
    """
    classes, count = len(originals.classes), len(originals)
    random = np.random.default_rng(number)
    answers = np.where(random.random(count) < RIGHT_SHARE, originals.labels, random.integers(0, classes, count))
    probabilities = random.random((count, classes)) + 0.2
    probabilities[np.arange(count), answers] += 1 + random.random(count)
    probabilities = (probabilities / probabilities.sum(axis=1, keepdims=True)).astype(np.float32)
    run = store.add(recipe or Recipe.parse({"seed": number}), name or f"Run {number}", materials=materials or originals.folder.name)
    about: dict[str, Any] = {"run_id": run.id, "attempt": store.begin_attempt(run.id)}
    values: dict[str, Any] = {"loss": 0.6, "accuracy": RIGHT_SHARE, "val_loss": 0.6, "val_accuracy": RIGHT_SHARE}
    for epoch in range(epochs):
        store.append(Epoch(**about, epoch=epoch, seconds=1.0, **values))
    sizes = cell_sizes(originals.labels, probabilities)
    result = Result(
        classes=originals.classes,
        best_epoch=epochs - 1,
        epochs_run=epochs,
        val_accuracy=RIGHT_SHARE,
        test_accuracy=float(np.trace(sizes)) / count,
        test_photos=count,
        confusion_matrix=sizes.tolist(),
        total_parameters=1,
        trainable_parameters=1,
        seconds=1.0,
        seconds_training=1.0,
        cached_features=False,
        weight_changes=weight_changes,
    )
    store.append(End(**about, state="done", result=result))
    # Answers of other photos are as random as those of a network that has learnt nothing yet.
    by_epoch = np.stack([np.roll(probabilities, epochs - 1 - epoch, axis=0)[:500] for epoch in range(epochs)])
    folder = home.run(run.id)
    folder.mkdir(parents=True, exist_ok=True)
    home.model(run.id).write_bytes(b"never loaded here")
    np.savez_compressed(
        folder / "predictions.npz",
        classes=np.asarray(originals.classes),
        test_ids=np.asarray(originals.ids),
        test_truth=originals.labels,
        test_probabilities=probabilities,
        val_ids=np.asarray(originals.ids[:500]),
        val_truth=originals.labels[:500],
        val_probabilities=by_epoch,
    )
    return store.get(run.id), probabilities
