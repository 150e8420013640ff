"""Progress bars on a terminal."""

from __future__ import annotations

from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from flowerlab.cli.words import step_text
from flowerlab.locale.numbers import duration, percent
from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState
from flowerlab.tasks import Task

WHAT = TextColumn("{task.fields[what]}", markup=False)


class _Block:
    """Bars that are redrawn in place for the length of a `with` block."""

    def __init__(self, *columns: ProgressColumn) -> None:
        described = TextColumn("{task.description}", markup=False)
        self._progress = Progress(described, BarColumn(bar_width=24), *columns, console=Console(stderr=True))
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._progress.stop()

    def _update(self, key: str, done: float, total: float | None, description: str, **fields: Any) -> None:
        """Shows a bar, which is new if it has a new key; a total of None shows that the end is not known."""
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(description, total=None, **fields)
        self._progress.update(self._tasks[key], completed=done, description=description, **fields)
        # `update` takes None for "leave it".
        self._progress.tasks[self._progress.task_ids.index(self._tasks[key])].total = total


class Bars(_Block):
    """One bar a run."""

    def __init__(self) -> None:
        super().__init__(WHAT)

    def show(self, run: Run, history: History, place: int) -> None:
        """See `View.show`."""
        done, total = _extent(run, history)
        self._update(run.id, done, total, run.name, what=bar_text(run, history, place))


class TaskBar(_Block):
    """One bar for a task, whose step changes."""

    def __init__(self) -> None:
        super().__init__(WHAT)

    def show(self, task: Task[Any]) -> None:
        """Shows how far it is."""
        what = f"{task.done:,} of {task.total:,}" if task.total else ""
        self._update("task", task.done, task.total or None, task.step or "Starting", what=what)


class StepBars(_Block):
    """One bar a step, with the time left."""

    def __init__(self) -> None:
        super().__init__(TaskProgressColumn(), TimeRemainingColumn())

    def show(self, step: str, done: int, total: int) -> None:
        """Shows how far a step is; a total of 0 shows that its end is not known."""
        self._update(step, done, total or None, step)


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
