"""A home in which a class has worked: runs of every kind, for tests of what is left of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import from_record
from flowerlab.store import Store
from tests.support.checkpoints import leave_checkpoint
from tests.support.events import RESULT, START

DONE, WAITING, UNDER_WAY, STOPPING, DELETED = "done", "waiting", "under way", "stopping", "deleted"


def say(store: Store, run_id: str, attempt: int, kind: str, **fields: Any) -> None:
    """Appends one event, which must be taken."""
    assert store.append(from_record({"run_id": run_id, "attempt": attempt, "kind": kind, **fields}))


def train(store: Store, run_id: str, *, epochs: int) -> int:
    """Says what a trainer says of some epochs, batches too; returns the attempt."""
    attempt = store.begin_attempt(run_id)
    say(store, run_id, attempt, "attempt", pid=1, warm=False)
    say(store, run_id, attempt, "start", **START)
    for number in range(epochs):
        say(store, run_id, attempt, "batch", epoch=number, batch=1, loss=1.5, accuracy=0.25)
        figures = {"loss": 1.25 / (number + 1), "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5, "seconds": 1.0}
        say(store, run_id, attempt, "epoch", epoch=number, **figures)
    return attempt


def bring_files(folder: Path, recipe: Recipe) -> None:
    """Writes what a finished run leaves, as its trainer does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.keras").write_bytes(b"a model")
    (folder / "recipe.json").write_text(recipe.model_dump_json())
    truth = np.array([0, 1])
    answers = np.array([[0.75, 0.25], [0.75, 0.25]], dtype=np.float32)
    np.savez_compressed(
        folder / "predictions.npz",
        classes=np.array(["a", "b"]),
        test_ids=np.array(["1", "2"]),
        test_truth=truth,
        test_probabilities=answers,
        val_ids=np.array(["3", "4"]),
        val_truth=truth,
        val_probabilities=np.stack([answers, answers[:, ::-1], np.eye(2, dtype=np.float32)]),
    )


def live_in(home: Home) -> dict[str, str]:
    """Fills a home; returns the ids of its runs by what has become of them."""
    store = Store(home.store)
    ids = {
        what: store.add(Recipe(seed=seed), f"{what} #{{number}}", materials="m").id
        for seed, what in enumerate((DONE, DELETED, UNDER_WAY, STOPPING, WAITING))
    }
    for what in (DONE, DELETED):
        attempt = train(store, ids[what], epochs=2)
        bring_files(home.run(ids[what]), store.get(ids[what]).recipe)
        say(store, ids[what], attempt, "end", state="done", result=RESULT)
    store.rename(ids[DONE], "Ann & Bob")
    for what in (UNDER_WAY, STOPPING):
        attempt = train(store, ids[what], epochs=2)
        leave_checkpoint(home.run(ids[what]) / f"attempt-{attempt}", epochs=2)
    store.request_stop(ids[STOPPING])
    store.delete(ids.pop(DELETED))
    store.close()
    return ids
