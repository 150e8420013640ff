"""Keeps the cleaning rule from time to time, in the process that runs the queue."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from flowerlab.errors import FlowerlabError

FIRST_AFTER_S, EVERY_S = 60.0, 3600.0
LOG = logging.getLogger(__name__)


class Janitor:
    """A thread that cleans an hour after another.

    Args:
        clean: Does what the rule says.
        on_duty: Whether this process is the one to do it.
    """

    def __init__(self, clean: Callable[[], object], on_duty: Callable[[], bool]) -> None:
        self._clean = clean
        self._on_duty = on_duty
        self._closed = threading.Event()
        threading.Thread(target=self._work, daemon=True, name="janitor").start()

    def close(self) -> None:
        """Cleans no more."""
        self._closed.set()

    def _work(self) -> None:
        wait_s = FIRST_AFTER_S
        while not self._closed.wait(wait_s):
            wait_s = EVERY_S
            try:
                if self._on_duty():
                    self._clean()
            except (FlowerlabError, OSError):
                # A full disk, a locked file: it may go in an hour.
                LOG.exception("The cleaning rule could not be kept this time.")
