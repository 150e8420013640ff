"""What a run's events add up to: curves, progress, time left. One reader serves all viewers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from flowerlab.runs.events import Attempt, Batch, End, Epoch, Evaluating, Event, Preparing, Start

AT_ONCE_S = 0.1


@dataclass(frozen=True)
class Pace:
    """How fast something goes, by a clock that cannot be set: events have the time of day, which may jump.

    Args:
        begun_at: How much of it was done when it was first seen.
        since_s: When that was, on a monotonic clock.
        now_s: When that was seen.
    """

    what: str
    begun_at: float
    since_s: float
    done: float = 0.0
    now_s: float = 0.0

    def seconds_each(self) -> float | None:
        """Returns the seconds that a photo or a batch takes; None while it was watched for less than a second."""
        seconds, done = self.now_s - self.since_s, self.done - self.begun_at
        return seconds / done if seconds > 1 and done > 0 else None


@dataclass
class History:
    """A run's events, folded.

    Args:
        start: What was said when training began; None before.
        epochs: Whole epochs by number, in one unbroken count over all attempts.
        batches: Of the epoch that is running, in order.
        preparing: The newest preparation, until training begins.
        evaluating: The newest word on the test.
    """

    start: Start | None = None
    epochs: dict[int, Epoch] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    preparing: Preparing | None = None
    evaluating: Evaluating | None = None
    attempt: Attempt | None = None
    end: End | None = None
    last_seq: int = 0
    pace: Pace | None = None

    def take(self, event: Event, *, now_s: float | None = None) -> None:
        """Adds one event, which came at `now_s` on a monotonic clock; None: now."""
        self._time(event, time.monotonic() if now_s is None else now_s)
        if isinstance(event, Attempt):
            self.attempt, self.end, self.preparing, self.evaluating, self.batches = event, None, None, None, []
        elif isinstance(event, Preparing):
            self.preparing = event
        elif isinstance(event, Start):
            self.start, self.preparing = event, None
            # A dead attempt may have come further than its last checkpoint.
            self.epochs = {number: epoch for number, epoch in self.epochs.items() if number < event.first_epoch}
        elif isinstance(event, Batch):
            if self.batches and self.batches[-1].epoch != event.epoch:
                self.batches = []
            self.batches.append(event)
        elif isinstance(event, Epoch):
            self.epochs[event.epoch] = event
            self.batches = []
        elif isinstance(event, Evaluating):
            self.evaluating = event
        elif isinstance(event, End):
            self.end = event

    def _time(self, event: Event, now_s: float) -> None:
        """Takes the pace of what is under way: from what came while it was watched, not from the time that events have."""
        if isinstance(event, Preparing):
            what, done = event.step, float(event.done)
        elif isinstance(event, Batch):
            what, done = f"epoch {event.epoch}", float(event.batch)
        else:
            self.pace = None
            return
        pace = self.pace
        # What comes at once was said before it was watched: it took longer than that.
        if pace is None or pace.what != what or done < pace.begun_at or now_s - pace.since_s < AT_ONCE_S:
            pace = Pace(what, done, now_s if pace is None or pace.what != what else pace.since_s)
        self.pace = replace(pace, done=done, now_s=now_s)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the highest validation accuracy, 0-based; None before the first whole epoch."""
        if not self.epochs:
            return None
        return min(self.epochs, key=lambda number: (-self.epochs[number].val_accuracy, number))

    def progress(self) -> float:
        """Returns the share of the training that is done, 0..1."""
        if self.start is None:
            return 0.0
        inside = self.batches[-1].batch / max(1, self.start.batches) if self.batches else 0.0
        return min(1.0, (len(self.epochs) + inside) / self.start.epochs)

    def seconds_left(self) -> float | None:
        """Estimates the seconds until what is under way now ends; None while too little is known.

        Training: mean seconds of the whole epochs so far (or the pace inside the first), times what remains. Preparing:
        the pace since the step is watched.
        """
        if self.end is not None:
            return 0.0
        if self.preparing is not None:
            each_s = self.pace.seconds_each() if self.pace is not None else None
            return None if each_s is None else each_s * max(0, self.preparing.total - self.preparing.done)
        if self.start is None or self.evaluating is not None:
            return None
        inside = self.batches[-1].batch / max(1, self.start.batches) if self.batches else 0.0
        remaining = self.start.epochs - len(self.epochs) - inside
        if self.epochs:
            pace = sum(epoch.seconds for epoch in self.epochs.values()) / len(self.epochs)
        elif self.pace is not None and (each_s := self.pace.seconds_each()) is not None:
            pace = each_s * self.start.batches
        else:
            return None
        return max(0.0, pace * remaining)
