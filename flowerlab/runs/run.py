"""A run as the lab knows it: what was asked for, where it is in its life, what it came to."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from flowerlab.errors import BadInput, BadName, shown
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Attempt, Evaluating, Event, Preparing, Result, Start

MAX_NAME = 80


class RunState(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"  # waits for a trainer
    PREPARING = "preparing"  # photos, weights or features are being made ready
    TRAINING = "training"  # epochs are running
    STOPPING = "stopping"  # a student asked it to stop; it has not yet
    EVALUATING = "evaluating"  # training is over, the test photos are being classified
    DONE = "done"  # trained to its end and tested
    STOPPED = "stopped"  # ended early by a student; keeps its best whole epoch, if there was one
    FAILED = "failed"  # ended by an error; `message` says which
    INTERRUPTED = "interrupted"  # its trainer died again and again; can go on after its last whole epoch

    @property
    def live(self) -> bool:
        """Whether a trainer has it now."""
        return self in (RunState.PREPARING, RunState.TRAINING, RunState.STOPPING, RunState.EVALUATING)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return not self.live and self is not RunState.QUEUED


@dataclass(frozen=True)
class Run:
    """One row of the store.

    Args:
        id: 12 hexadecimal digits.
        number: 1, 2, 3 …: the order in which runs were made.
        name: For people; can be changed.
        attempt: Number of the newest attempt; 0 before the first.
        created_s, started_s, ended_s: Unix time in seconds.
        message: Why it failed, stopped or was started again, as a sentence; else empty.
        stop_requests: How often Stop was pressed (the second skips the test).
        result: What it came to, once there is a model. While it is trained on: what it came to before.
        deaths: How often its trainer died since it was last asked for.
        patience_from: Whole epochs from which patience counts: 0, or where it was trained on after that had run out.
        student: Who asked for it, see `flowerlab.scheduler.fairness`; empty if that is not known.
        turn: Number of the turn in which it began; 0 while it waits for one, and when it is over.
        kept: Whether it is marked as one that no cleaning rule touches.
    """

    id: str
    number: int
    name: str
    recipe: Recipe
    state: RunState
    attempt: int
    created_s: float
    started_s: float | None
    ended_s: float | None
    message: str
    stop_requests: int
    result: Result | None
    deaths: int = 0
    patience_from: int = 0
    student: str = ""
    turn: int = 0
    kept: bool = False


# Of a run, what is text or number and so is written as it is: into its file, and into the store.
PLAIN = (
    "id",
    "number",
    "name",
    "attempt",
    "created_s",
    "started_s",
    "ended_s",
    "message",
    "stop_requests",
    "deaths",
    "patience_from",
    "student",
)


@dataclass(frozen=True)
class RunRecord:
    """A run with all that the store knows of it, to be taken into another store.

    Args:
        materials: Which photos and shipped weights its recipe stands for, see `flowerlab.runs.provenance`.
        events: Of all attempts, in order.
    """

    run: Run
    materials: str
    events: tuple[Event, ...]


def check_name(name: str) -> str:
    """Returns the name without surrounding space, if a run can have it.

    Raises:
        BadName: If it is empty, too long, or holds characters that cannot be shown.
    """
    return checked_line(name, "The name", BadName)


def checked_line(text: str, what: str, error: type[BadInput]) -> str:
    """Returns a name without surrounding space, if it is one line that can be shown.

    Args:
        what: Begins the sentence about it.
        error: Raised, with that sentence, if it is empty, too long, or holds characters that cannot be shown.
    """
    cleaned = " ".join(text.split())
    if not cleaned or len(cleaned) > MAX_NAME or not cleaned.isprintable():
        raise error(f"{what} must have 1 to {MAX_NAME} characters that can be shown. Received: {shown(text)}. Try another.")
    return cleaned


def told_apart(runs: Sequence[Run]) -> dict[str, str]:
    """Returns a name for each run by its id: two may have one name, and then a part of the id comes after it."""
    times = Counter(run.name for run in runs)
    return {run.id: run.name if times[run.name] == 1 else f"{run.name} ({run.id[:4]})" for run in runs}


def named_apart(runs: Sequence[Run]) -> list[Run]:
    """Returns the runs as a page shows them: those that have one name have a part of their id after it. Not to be trained on."""
    names = told_apart(runs)
    return [run if run.name == names[run.id] else dataclasses.replace(run, name=names[run.id]) for run in runs]


def state_after(event: Event, state: RunState) -> RunState:
    """Returns the state of a run that was in `state` when its trainer said this event, which is not its last."""
    if isinstance(event, Evaluating):
        return RunState.EVALUATING
    if state is RunState.STOPPING:
        return state
    if isinstance(event, Attempt | Preparing):
        return RunState.PREPARING
    return RunState.TRAINING if isinstance(event, Start) else state
