"""The line between a run and its supervisor: events go out, the wish to stop comes in."""

from __future__ import annotations

import heapq
import itertools
import json
import threading
from typing import Any, TextIO

from flowerlab.engine.protocol import Job
from flowerlab.runs.events import Event, from_record, to_line


class StopRequested(BaseException):
    """Somebody pressed Stop. It is no error, and passes every `except Exception` on its way."""


class Lines:
    """Standard output as JSON lines, one writer at a time.

    Args:
        file: The private copy of standard output.
    """

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
    """What one attempt says, and whether it should stop.

    Args:
        job: The attempt.
        lines: Where events go.
    """

    def __init__(self, job: Job, lines: Lines) -> None:
        self.job = job
        self._lines = lines
        self._wishes = 0
        self._heeded = 0
        self._deferring = job.task != "train"

    def say(self, kind: str, **fields: Any) -> Event:
        """Says an event of this attempt and returns it."""
        event = from_record({"run_id": self.job.run_id, "attempt": self.job.attempt, "kind": kind, **fields})
        self._lines.write(to_line(event))
        return event

    def progress(self, step: str, done: int, total: int) -> None:
        """Says how far a preparation is; gives up if somebody pressed Stop."""
        self.check()
        self.say("preparing", step=step, done=done, total=total)

    def wish_to_stop(self) -> None:
        """Notes that somebody pressed Stop; called from the listening thread."""
        self._wishes += 1

    def check(self) -> None:
        """Raises StopRequested if somebody pressed Stop since it was last raised.

        An attempt that only saves what an earlier one left behind defers that to its test: giving up before would lose it.
        """
        if not self._deferring and self._wishes > self._heeded:
            self._heeded = self._wishes
            raise StopRequested

    def defer_no_more(self) -> None:
        """Heeds Stop from now on, also what was pressed before."""
        self._deferring = False


# Somebody waits for it; it may wait until nobody does.
SOON, WHENEVER = 0, 1


class Inbox:
    """Requests in the order in which they are answered: by `rank`, then as they came."""

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
