"""The scripted engine: the same events as a real one, without TensorFlow. For trying out pages, and for tests.

Its numbers are made up, and every run says so in its message.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.engine.one_slot import OneSlotEngine
from flowerlab.engine.protocol import Job, Sink
from flowerlab.runs.events import Attempt, Batch, End, Epoch, EpochFigures, Evaluating, Event, Preparing, Result, Start

BATCHES = 10
PHOTOS = 100
TRAINED, VALIDATED, TESTED = 56, 14, 30
PARAMETERS = 1000


class FakeEngine(OneSlotEngine):
    """Plays one job after another."""

    def __init__(self, sink: Sink, *, pause_s: float = 0.05) -> None:
        super().__init__(sink, "fake-engine")
        self._pause_s = pause_s
        # What the whole epochs of each run came to: another attempt starts after them.
        self._played: dict[str, list[EpochFigures]] = {}
        self._stops = 0
        self._thread.start()

    def end_left_over(self, taken: Attempt) -> bool:
        """See `Engine.end_left_over`: there is no process."""
        return False

    def _stop_running(self, job: Job) -> None:
        self._stops += 1
        self._changed.notify_all()

    def _run(self, job: Job) -> None:
        self._stops = 0
        end = self._play(job)
        self._set_free()
        if end is not None:
            self._sink(end)

    def _say(self, event: Event, *, stops_allowed: int = 0) -> bool:
        """Says an event and waits; returns False when the play must end."""
        self._sink(event)
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._stops > stops_allowed, timeout=self._pause_s)
            return not self._closed and self._stops <= stops_allowed

    def _play(self, job: Job) -> End | None:
        """Says all events of a job; returns its end, or None if the engine was closed on the way."""
        epochs = self._played.setdefault(job.run_id, [])
        going = all(self._say(event) for event in _opening(job, epochs))
        while going and job.task == "train" and len(epochs) < job.recipe.epochs:
            going = self._play_epoch(job, epochs)
        if not epochs:
            message = "Stopped before the first whole epoch: there is no model."
            return None if self._closed else End(**job.stamp, state="stopped", message=message)
        # Training ended with `allowed` presses of Stop; one more skips the test.
        allowed = self._stops
        tested = all(
            self._say(Evaluating(**job.stamp, done=done, total=TESTED), stops_allowed=allowed) and job.task != "save"
            for done in (0, TESTED)
        )
        if self._closed:
            return None
        whole = going and tested and job.task == "train"
        message = "A scripted run: its numbers are made up."
        return End(**job.stamp, state="done" if whole else "stopped", message=message, result=_result(epochs, tested=tested))

    def _play_epoch(self, job: Job, epochs: list[EpochFigures]) -> bool:
        number, loss, accuracy = len(epochs), 0.0, 0.0
        for batch in range(1, BATCHES + 1):
            at = number + batch / BATCHES
            loss, accuracy = 1.6 * math.exp(-at / 3), 1 - 0.8 * math.exp(-at / 3)
            if not self._say(Batch(**job.stamp, epoch=number, batch=batch, loss=loss, accuracy=accuracy)):
                return False
        seconds = self._pause_s * BATCHES
        figures = EpochFigures(loss=loss, accuracy=accuracy, val_loss=loss * 1.1, val_accuracy=accuracy * 0.95, seconds=seconds)
        epochs.append(figures)
        return self._say(Epoch.of(job.stamp, number, figures))


def _opening(job: Job, before: list[EpochFigures]) -> Iterator[Event]:
    yield Attempt(**job.stamp, pid=0, warm=True)
    for done in (0, PHOTOS):
        yield Preparing(**job.stamp, step="Resizing photos", done=done, total=PHOTOS)
    yield Start(
        **job.stamp,
        epochs=job.recipe.epochs,
        batches=BATCHES,
        total_parameters=PARAMETERS,
        trainable_parameters=PARAMETERS,
        train_photos=TRAINED,
        validation_photos=VALIDATED,
        test_photos=TESTED,
        classes=FLOWERS,
        cached_features=False,
        first_epoch=len(before),
    )
    for number, figures in enumerate(before):
        yield Epoch.of(job.stamp, number, figures)


def _result(epochs: list[EpochFigures], *, tested: bool) -> Result:
    matrix = [[5 if row == column else int(column == (row + 1) % 5) for column in range(5)] for row in range(5)]
    return Result(
        classes=FLOWERS,
        best_epoch=len(epochs) - 1,
        epochs_run=len(epochs),
        val_accuracy=epochs[-1].val_accuracy,
        test_accuracy=25 / TESTED if tested else None,
        test_photos=TESTED if tested else 0,
        confusion_matrix=matrix if tested else None,
        total_parameters=PARAMETERS,
        trainable_parameters=PARAMETERS,
        seconds=1.0,
        seconds_training=1.0,
        cached_features=False,
        validation_photos=VALIDATED,
    )
