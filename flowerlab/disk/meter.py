"""Measuring in the background, for a page that must not wait for it."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from flowerlab.disk.inventory import measure
from flowerlab.disk.items import Usage
from flowerlab.errors import FlowerlabError

if TYPE_CHECKING:
    from flowerlab.lab import Lab

FRESH_S = 30.0
LOG = logging.getLogger(__name__)


class Meter:
    """Measures in a thread, and gives what it found last.

    Args:
        lab: Whose disk.
        fresh_s: Age in seconds from which the next look begins another measurement.
    """

    def __init__(self, lab: Lab, *, fresh_s: float = FRESH_S) -> None:
        self._lab = lab
        self._fresh_s = fresh_s
        self._guard = threading.Lock()
        self._usage: Usage | None = None
        # Of a clock that nobody sets.
        self._measured_s = 0.0
        self._old = True
        self._busy = False

    def look(self) -> Usage | None:
        """Returns at once what was measured last, None before the first time; measures again if that is old."""
        with self._guard:
            aged = self._usage is None or time.monotonic() - self._measured_s > self._fresh_s
            if (aged or self._old) and not self._busy:
                self._busy, self._old = True, False
                threading.Thread(target=self._measure, daemon=True, name="disk-meter").start()
            return self._usage

    @property
    def busy(self) -> bool:
        """Whether it measures just now, so that a newer answer is near."""
        return self._busy

    def forget(self) -> None:
        """Has the next look measure anew: something was freed."""
        with self._guard:
            self._old = True

    def _measure(self) -> None:
        try:
            usage = measure(self._lab)
            with self._guard:
                self._usage, self._measured_s = usage, time.monotonic()
        except (OSError, FlowerlabError):
            # Something went away while it was being looked at; the next look tries again.
            LOG.exception("The disk could not be measured.")
        finally:
            self._busy = False
