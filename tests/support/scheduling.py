"""Labs whose scheduler runs the queue, and runs in them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from flowerlab.datasets.import_folder import import_folder
from flowerlab.engine import Job, Sink
from flowerlab.engine.local import LocalEngine
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import from_record
from flowerlab.runs.run import Run, RunState
from tests.support.waiting import until

LONG = Recipe(image_size=72, epochs=500, patience=500)


OpenLab = Callable[[], Lab]


def owner_of(lab: Lab) -> Lab:
    """Waits until a lab runs the queue."""
    until(lambda: lab.owns_queue)
    return lab


def begun(lab: Lab, recipe: Recipe, name: str = "run") -> Run:
    """Starts a run and waits until it trains."""
    run = lab.queue.start(recipe, name=name, again=True).run
    until(lambda: lab.store.get(run.id).state is RunState.TRAINING)
    return run


def plants(lab: Lab, where: Path, name: str = "plants") -> str:
    """Imports a small set of photos, other ones for each name."""
    for number in range(20):
        path = where / name / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        file = io.BytesIO()
        Image.new("RGB", (2, 2), (number, 9 * "plants others".index(name), 9)).save(file, "PNG")
        path.write_bytes(file.getvalue())
    import_folder(where / name, lab.home.folders)
    return f"folder:{name}"


class Kept:
    """An engine that does nothing: the test says what happens to the jobs that it was given."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.jobs: list[Job] = []
        self.stops: list[str] = []

    def submit(self, job: Job) -> None:
        """Keeps the job."""
        self.jobs.append(job)

    def stop(self, run_id: str) -> None:
        """Only notes it, as a frozen trainer would."""
        self.stops.append(run_id)

    def slots(self) -> tuple[int, int]:
        """Always has room for one."""
        return 0, 1

    def close(self) -> None:
        """Has nothing to end."""

    end_left_over = staticmethod(LocalEngine.end_left_over)

    def say(self, kind: str, **fields: Any) -> None:
        """Says an event of the newest job."""
        job = self.jobs[-1]
        self.sink(from_record({"run_id": job.run_id, "attempt": job.attempt, "kind": kind, **fields}))

    def killed(self) -> None:
        """The trainer of the newest job was killed."""
        self.say("end", state="interrupted", message="The trainer was ended by signal 9 in the middle of the run.")
