"""How far a run is, in a share and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from flowerlab.locale import _
from flowerlab.locale.numbers import duration
from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState


@dataclass(frozen=True)
class Progress:
    """What a progress bar shows: a share, 0..1, and one short line."""

    share: float
    words: str


def progress_of(run: Run, history: History, *, ahead: int) -> Progress:
    """Says how far a run is, which has so many runs ahead of it if it waits."""
    left = history.seconds_left()
    still = "" if left is None else " · " + _("about {time} left").format(time=duration(max(1.0, round(left))))
    if run.state is RunState.QUEUED:
        return Progress(0.0, _waiting(ahead))
    if run.state is RunState.STOPPING:
        return Progress(history.progress(), _("Stopping; the unfinished epoch does not count."))
    if run.state is RunState.PREPARING:
        step = history.preparing
        if step is None:
            return Progress(0.0, _("Starting the trainer …"))
        counts = f": {step.done:,} / {step.total:,}" if step.total else " …"
        return Progress(min(1.0, step.done / step.total) if step.total else 0.0, _(step.step) + counts + still)
    if run.state is RunState.EVALUATING:
        test = history.evaluating
        if test is None or not test.total:
            return Progress(0.0, _("Testing …"))
        words = _("Testing: {done} of {total} photos").format(done=f"{test.done:,}", total=f"{test.total:,}")
        return Progress(min(1.0, test.done / test.total), words)
    if run.state is RunState.TRAINING:
        epoch = min(len(history.epochs) + 1, run.recipe.epochs)
        words = _("Epoch {epoch} of {epochs}").format(epoch=epoch, epochs=run.recipe.epochs)
        return Progress(history.progress(), words + still)
    return Progress(1.0, "")


def _waiting(ahead: int) -> str:
    if ahead == 0:
        return _("Waiting: it is next.")
    if ahead == 1:
        return _("Waiting: one run goes before it.")
    return _("Waiting: {count} runs go before it.").format(count=ahead)
