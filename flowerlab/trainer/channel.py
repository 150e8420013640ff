"""What a trainer process hears and says: events and answers go out, wishes to stop and questions come in."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
from typing import Any, TextIO

from flowerlab.engine.protocol import Job
from flowerlab.runs.events import Event, Preparing, to_line

# How often a loop over batches says how far it is.
EVENT_EVERY_S = 0.2


class StopRequested(BaseException):
    """Stop was pressed. It is no error, and passes every `except Exception` on its way."""


class Lines:
    """Standard output as JSON lines, one writer at a time."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._guard = threading.Lock()

    def write(self, record: str | dict[str, Any]) -> None:
        """Writes one line."""
        text = record if isinstance(record, str) else json.dumps(record)
        with self._guard:
            self._file.write(text + "\n")
            self._file.flush()


class Channel:
    """What one attempt says, and whether it should stop."""

    def __init__(self, job: Job, lines: Lines) -> None:
        self.job = job
        self._lines = lines
        self._wishes = 0
        self._heeded = 0
        self._deferring = job.task != "train"

    def say(self, event: Event) -> None:
        """Says an event of this attempt."""
        self._lines.write(to_line(event))

    def progress(self, step: str, done: int, total: int) -> None:
        """Says how far a preparation is.

        Raises:
            StopRequested: See `check`.
        """
        self.check()
        self.say(Preparing(**self.job.stamp, step=step, done=done, total=total))

    def wish_to_stop(self) -> None:
        """Notes that Stop was pressed; called from the listening thread."""
        self._wishes += 1

    def check(self) -> None:
        """Ends the attempt if it should stop.

        Raises:
            StopRequested: If Stop was pressed since this was last raised. An attempt that only saves what an earlier one left defers
                it to its test: giving up before would lose that.
        """
        if not self._deferring and self._wishes > self._heeded:
            self._heeded = self._wishes
            raise StopRequested

    def defer_no_more(self) -> None:
        """Heeds Stop from now on, also what was pressed before."""
        self._deferring = False


# Ranks of questions: a person waits for the answer; no one does.
SOON, WHENEVER = 0, 1


class Inbox:
    """Requests in the order in which they are answered: by rank, then as they came."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, dict[str, Any]]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def put(self, message: dict[str, Any]) -> None:
        """Takes a request, or takes one back: `{"cancel": id}`."""
        with self._changed:
            if "cancel" in message:
                self._heap = [entry for entry in self._heap if entry[2]["id"] != message["cancel"]]
                heapq.heapify(self._heap)
                return
            heapq.heappush(self._heap, (int(message.get("rank", SOON)), next(self._numbers), message))
            self._changed.notify()

    def take(self) -> dict[str, Any]:
        """Returns the next request; waits until there is one."""
        with self._changed:
            while not self._heap:
                self._changed.wait()
            return heapq.heappop(self._heap)[2]
