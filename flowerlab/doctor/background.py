"""An examination in the background, for a page that must not wait for it."""

from __future__ import annotations

import threading
import time

from flowerlab.doctor.examination import examine
from flowerlab.doctor.finding import Finding

FRESH_S = 30.0


class Background:
    """Examines in a thread, and gives what it found last.

    Args:
        fresh_s: Age in seconds from which the next look begins another examination.
        first_after_s: How many seconds the first one waits: the page that asks needs the cores more.
    """

    def __init__(self, *, fresh_s: float = FRESH_S, first_after_s: float = 0.0) -> None:
        self._first_after_s = first_after_s
        self._fresh_s = fresh_s
        self._guard = threading.Lock()
        self._found: list[Finding] | None = None
        self._found_s = 0.0
        self._busy = False

    def look(self) -> list[Finding] | None:
        """Returns at once the newest findings, None before the first; begins an examination if they are old."""
        with self._guard:
            old = self._found is None or time.monotonic() - self._found_s > self._fresh_s
            if old and not self._busy:
                self._busy = True
                delay_s = self._first_after_s if self._found is None else 0.0
                timer = threading.Timer(delay_s, self._examine)
                timer.daemon = True
                timer.start()
            return self._found

    def _examine(self) -> None:
        try:
            found = examine(serving=True)
            with self._guard:
                self._found, self._found_s = found, time.monotonic()
        finally:
            self._busy = False
