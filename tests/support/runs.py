"""Runs that look finished, with what they answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Attempt, End, Epoch, Result, Start
from flowerlab.runs.run import Run
from flowerlab.store import Store

TIMEOUT_S = 60
MATRIX = [[6 if row == column else int(column == (row + 1) % 5) for column in range(5)] for row in range(5)]
TESTED, RIGHT = 35, 30


def add_finished(
    home: Home,
    name: str,
    *,
    accuracies: Sequence[float] = (0.5, 0.7),
    tested: bool = True,
    unknown_below: float | None = None,
    batches: int | None = 4,
    materials: str = "",
    state: str = "done",
    weight_changes: dict[str, float] | None = None,
    features_at_hand: bool | None = None,
    waited_s: float | None = None,
    **knobs: Any,
) -> Run:
    """Writes a run with epochs, a result and a (hollow) model file into a home.

    Args:
        home: Whose store takes the run.
        name: Of the run.
        accuracies: Validation accuracy of each epoch.
        tested: Whether its test was made.
        unknown_below: Threshold of its result.
        batches: Of an epoch; None: it never said that training began.
        materials: What distinguishes its photos from others of their name.
        weight_changes: Of its result.
        state: In which it ended.
        features_at_hand: Of its result.
        waited_s: Seconds from its beginning to that of its training; None: it never said when it began.
        knobs: Of its recipe.
    """
    store = Store(home.store)
    run = store.add(Recipe.parse(knobs), name, materials=materials)
    about: dict[str, Any] = {"run_id": run.id, "attempt": store.begin_attempt(run.id)}
    begun_s = time.time()
    if waited_s is not None:
        store.append(Attempt(**about, time_s=begun_s - waited_s, pid=1, warm=True))
    if batches is not None:
        counts = {"total_parameters": 154_087, "trainable_parameters": 154_087}
        photos = {"train_photos": 45, "validation_photos": 10, "test_photos": TESTED}
        asked = run.recipe.epochs
        store.append(
            Start(
                **about, time_s=begun_s, epochs=asked, batches=batches, classes=FLOWERS, cached_features=False, **counts, **photos
            )
        )
    for number, accuracy in enumerate(accuracies):
        values: dict[str, Any] = {"loss": 1.0 - number / 10, "accuracy": accuracy, "val_loss": 1.1, "val_accuracy": accuracy}
        store.append(Epoch(**about, epoch=number, seconds=1.0, **values))
    result = Result(
        classes=FLOWERS,
        best_epoch=len(accuracies) - 1,
        epochs_run=len(accuracies),
        val_accuracy=accuracies[-1],
        test_accuracy=RIGHT / TESTED if tested else None,
        test_photos=TESTED if tested else 0,
        confusion_matrix=MATRIX if tested else None,
        total_parameters=154_087,
        trainable_parameters=154_087,
        seconds=12.0,
        seconds_training=10.0,
        cached_features=False,
        features_at_hand=features_at_hand,
        unknown_below=unknown_below,
        validation_photos=10,
        weight_changes=weight_changes,
    )
    store.append(End(**about, state=state, result=result))
    home.run(run.id).mkdir(parents=True, exist_ok=True)
    (home.run(run.id) / "model.keras").write_bytes(b"hollow")
    if tested:
        write_predictions(home.run(run.id), epochs=len(accuracies))
    finished = store.get(run.id)
    store.close()
    return finished


def add_trained_here(lab: Lab, name: str = "A run", **knobs: Any) -> Run:
    """Writes a run that looks finished, trained on the photos that the lab has now."""
    return add_finished(lab.home, name, materials=lab.data.identity(str(knobs.get("dataset", "garden"))), **knobs)


def write_predictions(folder: Path, *, epochs: int = 2, better: int = 0, prefix: str = "garden") -> None:
    """Writes the answers that `MATRIX` counts into a run's folder.

    Args:
        folder: Of the run.
        epochs: Whose validation probabilities are kept.
        better: How many of the wrong answers are right instead.
        prefix: Of the photos' ids.
    """
    cells = [(true, answer) for true, row in enumerate(MATRIX) for answer, count in enumerate(row) for _ in range(count)]
    truth, answers = (np.array(side) for side in zip(*cells, strict=True))
    wrong = np.flatnonzero(truth != answers)[:better]
    answers[wrong] = truth[wrong]
    probabilities = np.full((len(truth), 5), 0.05, dtype=np.float32)
    probabilities[np.arange(len(truth)), answers] = 0.8
    np.savez_compressed(
        folder / "predictions.npz",
        classes=np.asarray(FLOWERS),
        test_ids=np.asarray([f"{prefix}-{number:05d}" for number in range(len(truth))]),
        test_truth=truth,
        test_probabilities=probabilities,
        val_ids=np.asarray([f"{prefix}-1{number:04d}" for number in range(10)]),
        val_truth=truth[:10],
        val_probabilities=np.repeat(probabilities[None, :10], epochs, axis=0),
    )
