"""Waiting for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], *, within_s: float = 20) -> None:
    """Waits until something is so."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "It did not come about."
        time.sleep(0.005)
