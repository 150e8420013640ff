"""What a page shows while it may be a little old: looked up in a thread, so that no page waits for it."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

FRESH_S = 30.0
LOG = logging.getLogger(__name__)
Value = TypeVar("Value")


class Refreshed(Generic[Value]):
    """The newest answer of a slow look, for all viewers.

    Args:
        make: Looks; an error in it is logged, and the next call of `look` tries again.
        fresh_s: Age in seconds from which an answer is old. The clock that may be set has no say in it.
        first_after_s: How many seconds the first look waits: the page that asks needs the cores more.
    """

    def __init__(self, make: Callable[[], Value], *, fresh_s: float = FRESH_S, first_after_s: float = 0.0) -> None:
        self._make, self._fresh_s, self._first_after_s = make, fresh_s, first_after_s
        self._guard = threading.Lock()
        self._value: Value | None = None
        self._due_s = 0.0
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether it looks just now, so that a newer answer is near."""
        return self._busy

    def look(self) -> Value | None:
        """Returns the newest answer at once, None before the first; begins another look if it is old."""
        with self._guard:
            if not self._busy and time.monotonic() >= self._due_s:
                self._busy, self._due_s = True, math.inf
                timer = threading.Timer(self._first_after_s if self._value is None else 0.0, self._refresh)
                timer.daemon = True
                timer.start()
            return self._value

    def forget(self) -> None:
        """Has `look` look again, as something was changed, if need be once more; it returns the old answer until then."""
        self._due_s = 0.0

    def _refresh(self) -> None:
        try:
            value = self._make()
            with self._guard:
                self._value, self._due_s = value, min(self._due_s, time.monotonic() + self._fresh_s)
        except Exception:
            LOG.exception("A look in the background met an error.")
            self._due_s = 0.0
        finally:
            self._busy = False
