"""Watching runs and other work from a terminal: bars or lines on standard error, and Ctrl-C."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

from flowerlab.cli.output import say
from flowerlab.cli.words import step_text
from flowerlab.lab import Lab
from flowerlab.locale.numbers import duration, percent
from flowerlab.runs.events import Epoch
from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState
from flowerlab.system.progress import Progress

LOOK_S = 0.2


class View(Protocol):
    """Shows how far runs are."""

    def show(self, run: Run, history: History, place: int) -> None:
        """Shows one run; `place` is how many go before it while it waits."""


class Interrupts:
    """Counts Ctrl-C instead of letting it break into what is being done; for the length of a `with` block."""

    def __init__(self) -> None:
        self.count = 0
        self._before: object = None

    def __enter__(self) -> Interrupts:
        # Only the main thread may set handlers; elsewhere Ctrl-C does not arrive anyway.
        with contextlib.suppress(ValueError):
            self._before = signal.signal(signal.SIGINT, self._take)
        return self

    def __exit__(self, *unused: object) -> None:
        if callable(self._before) or isinstance(self._before, int):
            signal.signal(signal.SIGINT, self._before)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self.count += 1


class _Left(Exception):
    """Ctrl-C was pressed and nothing that is under way was started here."""


def watch(lab: Lab, runs: Sequence[Run], *, ours: Collection[str]) -> list[Run]:
    """Shows runs on standard error until all are over, and returns them as they are then.

    The first Ctrl-C stops them and waits for what they leave, the second skips their test, the third leaves at once.

    Args:
        ours: Ids of those that Ctrl-C stops. The others were started elsewhere.

    Raises:
        KeyboardInterrupt: At the third Ctrl-C.
    """
    ids = [run.id for run in runs]
    heard = 0

    def look() -> None:
        nonlocal heard
        while heard < interrupts.count:
            heard += 1
            _obey(lab, heard, ids, ours)
        for run_id in ids:
            run = lab.store.get(run_id)
            place = lab.queue.place(run) if run.state is RunState.QUEUED else 0
            view.show(run, lab.store.history(run_id), place)

    with Interrupts() as interrupts, _view() as view, contextlib.suppress(_Left):
        lab.queue.wait(ids, watch=look, every_s=LOOK_S)
        look()
    return [lab.store.get(run_id) for run_id in ids]


def _obey(lab: Lab, presses: int, watched: Sequence[str], ours: Collection[str]) -> None:
    if presses > 2:
        raise KeyboardInterrupt
    going = [run_id for run_id in watched if not lab.store.get(run_id).state.over]
    stoppable = [run_id for run_id in going if run_id in ours]
    if not going:
        return
    if not stoppable:
        say("What is under way was not started here, so it goes on. Stop it where it was started.")
        raise _Left
    for run_id in stoppable:
        lab.queue.stop(run_id)
    say("Stopping. Press Ctrl-C again to skip the test." if presses == 1 else "Skipping the test.")


@contextmanager
def _view() -> Iterator[View]:
    if not sys.stderr.isatty():
        yield Lines()
        return
    from flowerlab.cli.bars import Bars

    with Bars() as bars:
        yield bars


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Gives what shows progress: a bar on a terminal, else one line for each step."""
    if not sys.stderr.isatty():
        said: set[str] = set()

        def say_once(step: str, done: int, total: int) -> None:
            if step not in said:
                said.add(step)
                say(f"{step} …")

        yield say_once
        return
    from flowerlab.cli.bars import StepBars

    with StepBars() as bars:
        yield bars.show


@dataclass
class _Said:
    """What was said about one run."""

    step: str = ""
    epochs: set[int] = field(default_factory=set)


class Lines:
    """One line for each step and each epoch, for a log file or a pipe."""

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def show(self, run: Run, history: History, place: int) -> None:
        """See `View.show`."""
        said = self._said.setdefault(run.id, _Said())
        for number in sorted(set(history.epochs) - said.epochs):
            said.epochs.add(number)
            say(f"{run.name}: {epoch_text(history.epochs[number], run.recipe.epochs)}")
        step = step_text(run, history, place)
        if step and step != said.step:
            said.step = step
            say(f"{run.name}: {step}")


def epoch_text(epoch: Epoch, epochs: int) -> str:
    """Writes what an epoch came to."""
    return (
        f"epoch {epoch.epoch + 1} of {epochs}, loss {epoch.loss:.3f}, accuracy {percent(epoch.accuracy)}, "
        f"validation accuracy {percent(epoch.val_accuracy)}, {duration(epoch.seconds)}"
    )
