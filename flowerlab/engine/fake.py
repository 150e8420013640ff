"""The scripted engine: the same events as a real one, without TensorFlow. For trying out pages, and for tests.

Its numbers are made up, and every run says so in its message.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from flowerlab.engine.protocol import Job, Sink
from flowerlab.events import Attempt, Batch, End, Epoch, Evaluating, Event, Preparing, Result, Start
from flowerlab.recipe import Recipe

BATCHES = 10
PHOTOS = 100
CLASSES = ("dandelion", "daisy", "tulips", "sunflowers", "roses")


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

    def _say(self, event: Event, stops_allowed: int = 0) -> bool:
        """Says an event and waits; returns False when the play must end."""
        self._sink(event)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._stops > stops_allowed, timeout=self._pause_s)
            return not self._closed and self._stops <= stops_allowed

    def _play(self, job: Job) -> End | None:
        """Says all events of a job; returns its end, or None if the engine was closed on the way."""
        recipe, who = Recipe.parse(job.recipe), {"run_id": job.run_id, "attempt": job.attempt}
        total, trainable = 1000, 1000
        going = self._say(Attempt(**who, pid=0, warm=True)) and all(
            self._say(Preparing(**who, step="Resizing photos", done=done, total=PHOTOS)) for done in (0, PHOTOS)
        )
        epochs: list[float] = []
        if going:
            sizes = {"train_photos": 56, "validation_photos": 14, "test_photos": 30}
            start = Start(
                **who, epochs=recipe.epochs, batches=BATCHES, total_parameters=total, trainable_parameters=trainable,
                classes=CLASSES, cached_features=False, **sizes,
            )  # fmt: skip
            going = self._say(start)
        while going and len(epochs) < recipe.epochs:
            going = self._play_epoch(who, len(epochs), epochs)
        if self._closed:
            return None
        if not epochs:
            return End(**who, state="stopped", message="Stopped before the first whole epoch: there is no model.")
        tested = self._say(Evaluating(**who, done=0, total=30), self._stops) and self._say(
            Evaluating(**who, done=30, total=30), self._stops
        )
        if self._closed:
            return None
        result = Result(
            classes=CLASSES, best_epoch=len(epochs) - 1, epochs_run=len(epochs), val_accuracy=epochs[-1],
            test_accuracy=0.8 if tested else None, test_photos=30 if tested else 0,
            confusion_matrix=[[5 if row == column else int(column == (row + 1) % 5) for column in range(5)] for row in range(5)]
            if tested else None,
            total_parameters=total, trainable_parameters=trainable, seconds=1.0, seconds_training=1.0, cached_features=False,
        )  # fmt: skip
        return End(
            **who,
            state="done" if going else "stopped",
            message="A scripted run: its numbers are made up.",
            result=result,
        )

    def _play_epoch(self, who: dict[str, object], number: int, epochs: list[float]) -> bool:
        for batch in range(1, BATCHES + 1):
            at = number + batch / BATCHES
            loss, accuracy = 1.6 * math.exp(-at / 3), 1 - 0.8 * math.exp(-at / 3)
            if not self._say(
                Batch.model_validate({**who, "epoch": number, "batch": batch, "loss": loss, "accuracy": accuracy})
            ):
                return False
        epochs.append(accuracy * 0.95)
        said = {"epoch": number, "loss": loss, "accuracy": accuracy, "val_loss": loss * 1.1, "val_accuracy": epochs[-1]}
        return self._say(Epoch.model_validate({**who, **said, "seconds": self._pause_s * BATCHES}))
