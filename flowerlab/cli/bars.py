"""Progress bars on a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from flowerlab.cli.words import step_text
from flowerlab.locale.numbers import duration, percent
from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState
from flowerlab.tasks import Task


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[what]}", markup=False),
        console=Console(stderr=True),
    )


class Bars:
    """One bar a run, redrawn in place; for the length of a `with` block."""

    def __init__(self) -> None:
        self._progress = _progress()
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._progress.stop()

    def show(self, run: Run, history: History, place: int) -> None:
        """See `View.show`."""
        if run.id not in self._tasks:
            self._tasks[run.id] = self._progress.add_task(run.name, total=1.0, what="")
        done, total = _extent(run, history)
        self._progress.update(self._tasks[run.id], completed=done, what=bar_text(run, history, place))
        # `update` takes None for "leave it", but a bar without total is what shows that the end is not known.
        self._progress.tasks[self._progress.task_ids.index(self._tasks[run.id])].total = total


class TaskBar:
    """One bar for a task, redrawn in place; for the length of a `with` block."""

    def __init__(self) -> None:
        self._progress = _progress()
        self._task = self._progress.add_task("Starting", total=None, what="")

    def __enter__(self) -> TaskBar:
        self._progress.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._progress.stop()

    def show(self, task: Task[Any]) -> None:
        """Shows how far it is."""
        what = f"{task.done:,} of {task.total:,}" if task.total else ""
        self._progress.update(self._task, description=task.step, completed=task.done, what=what)
        # See `Bars.show`: None is no update.
        self._progress.tasks[0].total = task.total or None


def _extent(run: Run, history: History) -> tuple[float, float | None]:
    """Returns (done, total) of what is under way now; total None if it is not known."""
    if run.state is RunState.QUEUED:
        return 0.0, 1.0
    if run.state.over:
        return (1.0 if run.result is not None else history.progress()), 1.0
    if history.evaluating is not None:
        return history.evaluating.done, max(1, history.evaluating.total)
    if history.preparing is not None:
        return history.preparing.done, history.preparing.total or None
    return (history.progress(), 1.0) if history.start is not None else (0.0, None)


def bar_text(run: Run, history: History, place: int) -> str:
    """Says what stands after the bar: the step or the epoch, the newest validation accuracy, the time left."""
    if run.state.over:
        if run.result is None:
            return str(run.state)
        tested = run.result.test_accuracy
        return f"{run.state}, " + (f"test accuracy {percent(tested)}" if tested is not None else "not tested")
    parts = [step_text(run, history, place)]
    if history.start is not None and run.state is RunState.TRAINING:
        number = min(len(history.epochs) + 1, history.start.epochs)
        parts = [f"epoch {number} of {history.start.epochs}"]
        if history.epochs:
            newest = history.epochs[max(history.epochs)]
            parts.append(f"validation accuracy {percent(newest.val_accuracy)}")
    left = history.seconds_left()
    if left is not None and run.state.live:
        parts.append(f"{duration(round(left))} left")
    return ", ".join(part for part in parts if part)
