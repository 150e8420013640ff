"""Locks between processes: what only one of them may do at a time.

The operating system holds them, so that the lock of a process that was killed is free at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class ProcessLock:
    """A lock that at most one object holds, in this process or another. Its file stays: a new one in its place would be another lock."""

    def __init__(self, path: Path) -> None:
        # Some of our locks are taken by one thread and given back by another.
        self._lock = FileLock(path, thread_local=False)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock.is_locked

    def acquire(self) -> bool:
        """Takes the lock if it is free; returns whether this object now holds it."""
        if self.held:
            return True
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        """Gives the lock back; does nothing if this object does not hold it."""
        self._lock.release(force=True)


@contextmanager
def waiting_for(path: Path, *, poll_s: float = 0.2, check: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Holds a lock for the length of a block, waiting for as long as another holds it.

    Args:
        check: Called after each try that failed, every `poll_s` seconds; may raise to give up waiting.

    Raises:
        RuntimeError: If this thread holds the lock through another object, and so would wait for ever.
    """

    def cancelled() -> bool:
        check()
        return False

    with FileLock(path, thread_local=False).acquire(poll_interval=poll_s, cancel_check=cancelled):
        yield
