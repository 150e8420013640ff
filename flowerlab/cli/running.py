"""The life of a command that opens the lab: opened, watched, reported, closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer

from flowerlab.cli.output import one_line, say
from flowerlab.cli.watch import Interrupts, watch
from flowerlab.errors import BadInput, UnknownRun, shown
from flowerlab.lab import Lab
from flowerlab.runs.run import Run, RunState
from flowerlab.scheduler.fairness import check_student, student_of_this_account
from flowerlab.scheduler.queue import Started

SHORTEST_PREFIX = 4


# Students take turns: who this command is.
Student = Annotated[
    str | None,
    typer.Option(
        "--student",
        metavar="NAME",
        help="Who asks for the runs: students take turns in the queue. Default: the name of your account and machine.",
    ),
]


def student_named(name: str | None) -> str:
    """Returns who asks for runs; None: this account.

    Raises:
        BadInput: If the name cannot be shown.
    """
    return student_of_this_account() if name is None else check_student(name)


@contextmanager
def opened(*, run_queue: bool = False) -> Iterator[Lab]:
    """Opens the lab for the length of a block.

    Args:
        run_queue: Whether this process trains waiting runs when no other process does.
    """
    lab = Lab(run_queue=run_queue)
    for notice in (*lab.notices, lab.store.read_only):
        if notice:
            say(one_line(notice))
    try:
        yield lab
    finally:
        with Interrupts():
            lab.close()


def see_through(started: Mapping[str, Started], report: Callable[[Lab, dict[str, Run]], None]) -> None:
    """Watches runs to their end, training them if no other process does, and reports what they came to.

    Args:
        started: Any key to a run.
        report: Called once with the same keys and the runs as they are then.

    Raises:
        typer.Exit: With code 1 if not every run is done.
    """
    for start in started.values():
        if start.existing:
            say(f"{start.run.name} ({start.run.id}) has the same recipe and is {start.run.state}: it is not trained again.")
    waiting = any(not start.run.state.over for start in started.values())
    with opened(run_queue=waiting) as lab:
        runs = [start.run for start in started.values()]
        if waiting:
            runs = watch(lab, runs, ours=[start.run.id for start in started.values() if not start.existing])
        for run in runs:
            # A run that was trained on has its earlier result, however that ended.
            if run.state in (RunState.FAILED, RunState.INTERRUPTED) or (run.result is None and run.state is not RunState.DONE):
                say(f"{run.name} ({run.state}): {run.message or 'there is no model.'}")
        report(lab, dict(zip(started, runs, strict=True)))
        if waiting:
            _finish_for_others(lab)
    if any(run.state is not RunState.DONE for run in runs):
        raise typer.Exit(1)


def _finish_for_others(lab: Lab) -> None:
    """Waits for the runs of others that this process trains: they would be interrupted if it left now."""
    try:
        while lab.scheduler is not None and lab.scheduler.owns and (live := lab.store.live()):
            say(f"{live[0].name}, started elsewhere, is trained here: waiting for it. Ctrl-C leaves it to the next lab.")
            lab.scheduler.finish_under_way()
    except KeyboardInterrupt:
        say("It waits for the next lab and goes on there.")


def find_run(lab: Lab, text: str) -> Run:
    """Returns the run that a text names: an id, an exact name, or the first digits of an id.

    Raises:
        UnknownRun: If there is none.
        BadInput: If there are several.
    """
    everything = lab.store.all()
    for found in (
        [run for run in everything if run.id == text],
        [run for run in everything if run.name == text],
        [run for run in everything if len(text) >= SHORTEST_PREFIX and run.id.startswith(text)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(run.id for run in found[:5])
            raise BadInput(f"{len(found)} runs fit. Expected one. Received: {shown(text)}. Take one of the ids: {ids}.")
    raise UnknownRun(
        f"There is no such run. Expected an id, its first {SHORTEST_PREFIX} or more digits, or an exact name. "
        f"Received: {shown(text)}. See them with: python -m flowerlab runs"
    )
