"""The scripted engine: the same events as a real one, without TensorFlow. For trying out pages, and for tests.

Its numbers are made up, and every run says so in its message.
"""

from __future__ import annotations

import math
import threading
from typing import Any, cast

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.engine.protocol import Job, Sink
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End, Epoch, Event, from_record

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
        # What the whole epochs of each run came to: another attempt goes on behind them.
        self._played: dict[str, list[Epoch]] = {}
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
        epochs = self._played.setdefault(job.run_id, [])
        if going:
            going = self._say_start(recipe, epochs)
        while going and job.task == "train" and len(epochs) < recipe.epochs:
            going = self._play_epoch(len(epochs), epochs)
        if not epochs:
            message = "Stopped before the first whole epoch: there is no model."
            return None if self._closed else self._event("end", state="stopped", message=message)
        # Training ended with `allowed` presses of Stop; one more skips the test.
        allowed = self._stops
        tested = all(self._say("evaluating", stops_allowed=allowed, done=done, total=TESTED) for done in (0, TESTED))
        if self._closed:
            return None
        state = "done" if going and tested and job.task == "train" else "stopped"
        message = "A scripted run: its numbers are made up."
        return self._event("end", state=state, message=message, result=_result(epochs, tested=tested))

    def _say_start(self, recipe: Recipe, epochs: list[Epoch]) -> bool:
        begin = {"epochs": recipe.epochs, "batches": BATCHES, "first_epoch": len(epochs), "cached_features": False}
        return self._say("start", **begin, **PARAMETERS, **PARTS) and all(
            self._say("epoch", **epoch.model_dump(exclude={"run_id", "attempt", "time_s", "kind"})) for epoch in epochs
        )

    def _play_epoch(self, number: int, epochs: list[Epoch]) -> bool:
        loss, accuracy = 0.0, 0.0
        for batch in range(1, BATCHES + 1):
            at = number + batch / BATCHES
            loss, accuracy = 1.6 * math.exp(-at / 3), 1 - 0.8 * math.exp(-at / 3)
            if not self._say("batch", epoch=number, batch=batch, loss=loss, accuracy=accuracy):
                return False
        validation: dict[str, Any] = {"val_loss": loss * 1.1, "val_accuracy": accuracy * 0.95}
        figures: dict[str, Any] = {"epoch": number, "loss": loss, "accuracy": accuracy, **validation}
        figures["seconds"] = self._pause_s * BATCHES
        epochs.append(cast(Epoch, self._event("epoch", **figures)))
        return self._say("epoch", **figures)


def _result(epochs: list[Epoch], *, tested: bool) -> dict[str, Any]:
    matrix = [[5 if row == column else int(column == (row + 1) % 5) for column in range(5)] for row in range(5)]
    return {
        "classes": FLOWERS,
        "best_epoch": len(epochs) - 1,
        "epochs_run": len(epochs),
        "val_accuracy": epochs[-1].val_accuracy,
        "test_accuracy": 25 / TESTED if tested else None,
        "test_photos": TESTED if tested else 0,
        "confusion_matrix": matrix if tested else None,
        **PARAMETERS,
        "seconds": 1.0,
        "seconds_training": 1.0,
        "cached_features": False,
        "validation_photos": PARTS["validation_photos"],
    }
