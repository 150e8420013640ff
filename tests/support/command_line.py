"""What a command printed and returned."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowerlab.engine.fake import FakeEngine
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Attempt, End
from flowerlab.runs.run import Run


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output; fails if there is anything else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


RUN_KEYS = {
    "run_id",
    "name",
    "state",
    "message",
    "recipe",
    "test_accuracy",
    "test_interval",
    "val_accuracy",
    "best_epoch",
    "epochs_run",
    "confusion_matrix",
    "classes",
    "total_parameters",
    "trainable_parameters",
    "seconds",
    "model_path",
    "seen_before",
}


Call = Callable[..., Outcome]


def all_runs() -> list[Run]:
    """Every run of the test's home, newest first."""
    lab = Lab(run_queue=False)
    try:
        return lab.store.all()
    finally:
        lab.close()


def start_elsewhere(**knobs: Any) -> Run:
    """Queues a run as another process would."""
    lab = Lab(run_queue=False)
    try:
        return lab.queue.start(Recipe.parse(knobs)).run
    finally:
        lab.close()


def _fail(self: FakeEngine, job: Any) -> End:
    self._sink(Attempt(run_id=job.run_id, attempt=job.attempt, pid=0, warm=False))
    return End(run_id=job.run_id, attempt=job.attempt, state="failed", message="The weights are missing.")
