"""Histories of runs, read from the store once for all viewers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from flowerlab.runs.events import Event
from flowerlab.runs.history import History

# More than a page shows at once, and fewer than a class makes in an hour.
HISTORIES_KEPT = 32


class HistoryReader:
    """Reads new events once for all who watch."""

    def __init__(self, events: Callable[[str, int], Iterable[tuple[int, Event]]]) -> None:
        self._events = events
        self._histories: dict[str, History] = {}
        self._guard = threading.Lock()

    def history(self, run_id: str) -> History:
        """Returns a run's history up to now, which stays as it is while the run continues."""
        with self._guard:
            # The ones that were looked at last stay; of the others the events are read again.
            history = self._histories.pop(run_id) if run_id in self._histories else History()
            self._histories[run_id] = history
            while len(self._histories) > HISTORIES_KEPT:
                del self._histories[next(iter(self._histories))]
            for seq, event in self._events(run_id, history.last_seq):
                history.take(event)
                history.last_seq = seq
            return replace(history, epochs=dict(history.epochs), batches=list(history.batches))

    def forget(self, run_id: str) -> None:
        """Drops what is kept of a deleted run."""
        with self._guard:
            self._histories.pop(run_id, None)
