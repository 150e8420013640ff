"""The seam between the lab and whatever trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Attempt, Event, Stamp
from flowerlab.settings import Settings, Wish

Sink = Callable[[Event], None]

# train: all of it, after the last whole epoch of the attempts before. finish: test and save the best epoch that they left behind.
# save: as finish, without the test.
JobTask = Literal["train", "finish", "save"]


class TrainerSettings(BaseModel):
    """What of the lab's settings, see `Settings`, decides what a trainer computes. They reach it by this record alone.

    Threads and niceness are not here: they must be known before TensorFlow is loaded, see `flowerlab.engine.process`.
    """

    model_config = ConfigDict(frozen=True)

    garden: Garden
    precision: Wish
    training_precision: Wish
    features: Literal["float16", "float32", "off"]
    features_gb: float | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Returns a lab's settings for its trainers."""
        return cls(
            garden=garden_of(settings),
            precision=settings.precision,
            training_precision=settings.training_precision,
            features=settings.features,
            features_gb=settings.features_gb,
        )


class Job(BaseModel):
    """One attempt at one run, as plain data that can travel to another process.

    Args:
        attempt: Number that every event of this attempt carries; higher than those before.
        origin: Name of the weights that its frozen layers begin with; equal for equal weights, see `flowerlab.runs.provenance`.
        also_keep: Cuts before its own at which waiting runs will need the same frozen layers' features: kept on the way.
        patience_from: Whole epochs from which patience counts: more than 0 where it is to train on after it had run out.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    attempt: int
    recipe: Recipe
    settings: TrainerSettings
    task: JobTask = "train"
    origin: str = ""
    also_keep: tuple[int, ...] = ()
    patience_from: int = 0

    @property
    def stamp(self) -> Stamp:
        """What each of its events carries."""
        return {"run_id": self.run_id, "attempt": self.attempt}


class Engine(Protocol):
    """Takes jobs, runs them in its own time, and hands every event to the sink that it was made with.

    Every job ends with exactly one `end` event, whatever happens to the process that ran it. An end with state
    `interrupted` means that the trainer went away without a word.
    """

    def submit(self, job: Job) -> None:
        """Takes a job and returns at once; jobs wait in order while all slots are busy."""
        ...

    def stop(self, run_id: str) -> None:
        """Ends a waiting or running job; does nothing for any other. May be called again to skip the test.

        A waiting job that only tests and saves what was learnt is not lost: it skips its test.
        """
        ...

    def slots(self) -> tuple[int, int]:
        """Returns (busy, total)."""
        ...

    def end_left_over(self, taken: Attempt) -> bool:
        """Ends the trainer that said this, if the owner that had started it was killed and left it behind.

        Returns:
            Whether it was still there.
        """
        ...

    def close(self) -> None:
        """Ends everything at once and leaves no process behind. Jobs that ran get no `end` event."""
        ...
