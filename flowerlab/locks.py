"""Locks between processes: a file that names its holder, so that a dead holder's lock can be taken over."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

# Two clocks read the same start time a little apart; a reused pid differs by far more.
START_TIME_TOLERANCE_S = 2.0


class ProcessLock:
    """A lock file with the pid and start time of its holder.

    A pid alone proves nothing, because it is given again; with its start time it names one process.

    Args:
        path: The lock file; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.held = False

    def acquire(self) -> bool:
        """Takes the lock if nobody alive holds it; returns whether this process now holds it."""
        mine = json.dumps({"pid": os.getpid(), "started_s": psutil.Process().create_time()})
        for _ in range(5):
            # A finished file is linked into place: nobody can ever read a lock without its holder's name.
            scratch = self.path.with_name(f".{self.path.name}.{os.getpid()}.{time.monotonic_ns()}")
            scratch.write_text(mine, encoding="utf-8")
            try:
                os.link(scratch, self.path)
            except FileExistsError:
                if self.holder() is not None:
                    return False
                self._clear_dead()
            else:
                self.held = True
                return True
            finally:
                scratch.unlink(missing_ok=True)
        return False

    def _clear_dead(self) -> None:
        """Moves a dead holder's file away; of several that try, one succeeds."""
        grave = self.path.with_name(f".{self.path.name}.{os.getpid()}.dead")
        try:
            self.path.rename(grave)
        except FileNotFoundError:
            return
        grave.unlink(missing_ok=True)

    def holder(self) -> int | None:
        """Returns the pid of the living process that holds the lock, or None."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            process = psutil.Process(int(content["pid"]))
            alive = abs(process.create_time() - float(content["started_s"])) < START_TIME_TOLERANCE_S
            return process.pid if alive and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, TypeError, psutil.NoSuchProcess):
            return None

    def release(self) -> None:
        """Gives the lock back; does nothing if this process does not hold it."""
        if self.held:
            self.held = False
            self.path.unlink(missing_ok=True)


@contextmanager
def waiting_for(path: Path, *, poll_s: float = 0.2, check: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds a lock for the length of a block, waiting for whoever holds it now.

    Args:
        path: The lock file.
        poll_s: Seconds between two looks.
        check: Called at every look; may raise to give up waiting.
    """
    lock = ProcessLock(path)
    while not lock.acquire():
        if check is not None:
            check()
        time.sleep(poll_s)
    try:
        yield
    finally:
        lock.release()
