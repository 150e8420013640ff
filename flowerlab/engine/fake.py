"""The scripted engine: the same events as a real one, without TensorFlow. For trying out pages, and for tests.

Its numbers are made up, and every run says so in its message.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from typing import Any

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.engine.protocol import Job, Sink
from flowerlab.events import End, Event, from_record
from flowerlab.recipe import Recipe

BATCHES = 10
PHOTOS = 100
TESTED = 30
PARAMETERS: dict[str, Any] = {"total_parameters": 1000, "trainable_parameters": 1000}
PARTS: dict[str, Any] = {"train_photos": 56, "validation_photos": 14, "test_photos": TESTED, "classes": FLOWERS}


class FakeEngine:
    """Plays one job after another in a thread.

    Args:
        sink: Called with every event, from the engine's thread.
        pause_s: Seconds between two events.
    """

    def __init__(self, sink: Sink, *, pause_s: float = 0.05) -> None:
        self._sink = sink
        self._pause_s = pause_s
        self._waiting: list[Job] = []
        self._running: Job | None = None
        self._stops = 0
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True, name="fake-engine")
        self._thread.start()

    def submit(self, job: Job) -> None:
        """See `Engine.submit`."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify_all()

    def stop(self, run_id: str) -> None:
        """See `Engine.stop`."""
        with self._changed:
            waiting = next((job for job in self._waiting if job.run_id == run_id), None)
            if waiting is not None:
                self._waiting.remove(waiting)
            elif self._running is not None and self._running.run_id == run_id:
                self._stops += 1
                self._changed.notify_all()
        if waiting is not None:
            self._sink(End(run_id=run_id, attempt=waiting.attempt, state="stopped", message="Stopped before it began."))

    def adopt(self, run_ids: Iterable[str]) -> set[str]:
        """See `Engine.adopt`."""
        with self._changed:
            here = {job.run_id for job in self._waiting} | ({self._running.run_id} if self._running else set())
        return here & set(run_ids)

    def slots(self) -> tuple[int, int]:
        """See `Engine.slots`."""
        with self._changed:
            return min(1, len(self._waiting) + (self._running is not None)), 1

    def close(self) -> None:
        """See `Engine.close`."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                self._running, self._stops = self._waiting.pop(0), 0
            job = self._running
            end = self._play(job)
            if end is None:
                return
            with self._changed:
                self._running = None
            self._sink(end)

    def _say(self, kind: str, *, stops_allowed: int = 0, **fields: Any) -> bool:
        """Says an event of the job under way and waits; returns False when the play must end."""
        self._sink(self._event(kind, **fields))
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._stops > stops_allowed, timeout=self._pause_s)
            return not self._closed and self._stops <= stops_allowed

    def _event(self, kind: str, **fields: Any) -> Event:
        job = self._running
        assert job is not None
        return from_record({"kind": kind, "run_id": job.run_id, "attempt": job.attempt, **fields})

    def _play(self, job: Job) -> Event | None:
        """Says all events of a job; returns its end, or None if the engine was closed on the way."""
        recipe = Recipe.parse(job.recipe)
        going = self._say("attempt", pid=0, warm=True) and all(
            self._say("preparing", step="Resizing photos", done=done, total=PHOTOS) for done in (0, PHOTOS)
        )
        accuracies: list[float] = []
        if going:
            going = self._say(
                "start", epochs=recipe.epochs, batches=BATCHES, **PARAMETERS, **PARTS, cached_features=False
            )
        while going and len(accuracies) < recipe.epochs:
            going = self._play_epoch(len(accuracies), accuracies)
        if not accuracies:
            message = "Stopped before the first whole epoch: there is no model."
            return None if self._closed else self._event("end", state="stopped", message=message)
        # Training ended with `allowed` presses of Stop; one more skips the test.
        allowed = self._stops
        tested = all(self._say("evaluating", stops_allowed=allowed, done=done, total=TESTED) for done in (0, TESTED))
        if self._closed:
            return None
        state = "done" if going and tested else "stopped"
        message = "A scripted run: its numbers are made up."
        return self._event("end", state=state, message=message, result=_result(accuracies, tested=tested))

    def _play_epoch(self, number: int, accuracies: list[float]) -> bool:
        loss, accuracy = 0.0, 0.0
        for batch in range(1, BATCHES + 1):
            at = number + batch / BATCHES
            loss, accuracy = 1.6 * math.exp(-at / 3), 1 - 0.8 * math.exp(-at / 3)
            if not self._say("batch", epoch=number, batch=batch, loss=loss, accuracy=accuracy):
                return False
        accuracies.append(accuracy * 0.95)
        validation: dict[str, Any] = {"val_loss": loss * 1.1, "val_accuracy": accuracies[-1]}
        return self._say(
            "epoch", epoch=number, loss=loss, accuracy=accuracy, **validation, seconds=self._pause_s * BATCHES
        )


def _result(accuracies: list[float], *, tested: bool) -> dict[str, Any]:
    matrix = [[5 if row == column else int(column == (row + 1) % 5) for column in range(5)] for row in range(5)]
    return {
        "classes": FLOWERS,
        "best_epoch": len(accuracies) - 1,
        "epochs_run": len(accuracies),
        "val_accuracy": accuracies[-1],
        "test_accuracy": 25 / TESTED if tested else None,
        "test_photos": TESTED if tested else 0,
        "confusion_matrix": matrix if tested else None,
        **PARAMETERS,
        "seconds": 1.0,
        "seconds_training": 1.0,
        "cached_features": False,
        "validation_photos": PARTS["validation_photos"],
    }
