"""What an engine is given, and what it said."""

from __future__ import annotations

import threading
from typing import Any

from flowerlab.engine import Job, TrainerSettings
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Event
from flowerlab.settings import Settings
from tests.support.photos import GARDEN


def job_of(run_id: str, recipe: Recipe, *, attempt: int = 1, **more: Any) -> Job:
    """A job on a small garden, which trains in float32.

    Args:
        run_id: Of the run.
        recipe: What to train.
        attempt: Its number.
        more: Of the job, or of its settings.
    """
    chosen = {name: more.pop(name) for name in TrainerSettings.model_fields if name in more}
    settings = TrainerSettings.of(Settings(training_precision="float32")).model_copy(update={"garden": GARDEN, **chosen})
    return Job(run_id=run_id, attempt=attempt, recipe=recipe, settings=settings, **more)


class Said:
    """Collects events and waits for some."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()

    def take(self, event: Event) -> None:
        """The engine's sink."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, run_id: str, kind: str, *, timeout_s: float = 120) -> Event:
        """Waits until a run has said an event of this kind, and returns it."""

        def found() -> Event | None:
            return next((event for event in self.events if event.run_id == run_id and event.kind == kind), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, timeout=timeout_s), [e.kind for e in self.events]
        event = found()
        assert event is not None
        return event

    def kinds(self, run_id: str) -> list[str]:
        """Kinds of a run's events in order."""
        return [event.kind for event in self.events if event.run_id == run_id]
