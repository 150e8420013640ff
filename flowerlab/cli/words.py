"""Steps of a run in words."""

from __future__ import annotations

from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState


def step_text(run: Run, history: History, place: int) -> str:
    """Says what a run does now, in words that do not change with every photo; empty while epochs speak for it."""
    if run.state is RunState.QUEUED:
        return "waits" if place == 0 else f"waits, {place} {'run goes' if place == 1 else 'runs go'} before it"
    if run.state is RunState.EVALUATING:
        total = history.evaluating.total if history.evaluating is not None else 0
        return f"classifying {total:,} test photos" if total else "classifying the test photos"
    if run.state.over:
        return str(run.state)
    if run.state is RunState.STOPPING:
        return "stopping"
    return history.preparing.step if history.preparing is not None else ""
