"""The seam between the lab and whoever trains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from flowerlab.datasets.garden import Garden
from flowerlab.runs.events import Event
from flowerlab.settings import Wish

Sink = Callable[[Event], None]

# train: all of it, behind the last whole epoch of the attempts before. finish: test and save the best epoch that they left behind.
# save: as finish, without the test.
Task = Literal["train", "finish", "save"]


class Job(BaseModel):
    """One attempt at one run, as plain data that can travel to another process.

    Args:
        run_id: Of the run.
        attempt: Number that every event of this attempt carries.
        recipe: The recipe as plain JSON.
        home: FLOWERLAB_HOME.
        garden: Which garden, from the settings.
        task: What to do, see `Task`.
        origin: Name of the weights that its frozen layers begin with; equal for equal weights, see `flowerlab.runs.provenance`.
        precision: Of the pass through frozen layers, from the settings.
        training_precision: Of what trains, from the settings.
        features: How features are kept, from the settings; `off`: not at all.
        also_keep: Cuts before its own at which waiting runs will need the same frozen layers' features: kept on the way.
        patience_from: Whole epochs from which patience counts: somebody wished to train on after it had run out.
        features_gb: How much all kept features may take, in GB (10⁹ bytes); None: the usual limit.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    attempt: int
    recipe: dict[str, Any]
    home: Path
    garden: Garden = Garden()
    task: Task = "train"
    origin: str = ""
    precision: Wish = "auto"
    training_precision: Wish = "float32"
    features: Literal["float16", "float32", "off"] = "float16"
    also_keep: tuple[int, ...] = ()
    patience_from: int = 0
    features_gb: float | None = None


class Engine(Protocol):
    """Takes jobs, runs them in its own time, and hands every event to the sink that it was made with.

    Every job ends with exactly one `end` event, whatever happens to the process that ran it. An end with state
    `interrupted` means that the trainer went away without a word.
    """

    def submit(self, job: Job) -> None:
        """Takes a job and returns at once; jobs wait in order while all slots are busy."""
        ...

    def stop(self, run_id: str) -> None:
        """Ends a waiting or running job; does nothing for any other. May be called again to skip the test."""
        ...

    def slots(self) -> tuple[int, int]:
        """Returns (busy, total)."""
        ...

    def close(self) -> None:
        """Ends everything at once and leaves no process behind. Jobs that ran get no `end` event."""
        ...


Format = Literal["keras", "litert"]


SUFFIXES: dict[Format, str] = {"keras": ".keras", "litert": ".tflite"}
