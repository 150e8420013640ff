"""What the predictor was asked and has not answered yet: short questions first, given up ones never."""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import Any

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
