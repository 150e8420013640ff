"""The one runner of background tasks: each in a thread, started once, cancelled, ended when the lab is closed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Hashable
from contextlib import ExitStack
from typing import Any, TypeVar

from flowerlab.errors import FlowerlabError
from flowerlab.tasks.task import Cancelled, Task, Work

LEAVES_WITHIN_S = 2.0
LOG = logging.getLogger(__name__)
Result = TypeVar("Result")


class TaskRunner:
    """Starts tasks, and remembers the newest of each key until it is closed."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, Task[Any]] = {}
        self._threads: dict[Hashable, threading.Thread] = {}
        self._guard = threading.Lock()
        self._closed = False

    def state(self, work: Work[Result]) -> Task[Result] | None:
        """Returns how far a task is; None if it was never started here."""
        return self._tasks.get(work.key)

    def start(self, work: Work[Result]) -> Task[Result]:
        """Begins a task; one that is under way, or that ended well and need not be done again, is returned instead."""
        with self._guard:
            task = self._tasks.get(work.key)
            if task is not None and (not task.over or (work.once and not task.error)):
                return task
            if task is not None:
                task.kept.close()
            task = self._tasks[work.key] = Task(step=work.step, total=work.total)
            if self._closed:
                task.cancel()
            thread = self._threads[work.key] = threading.Thread(target=_do, args=(work, task), daemon=True, name=f"task-{work.key}")
            thread.start()
        return task

    def cancel(self, work: Work[Any]) -> None:
        """Has a task end, if it is under way; what it keeps then, its sentence says."""
        if (task := self._tasks.get(work.key)) is not None:
            task.cancel()

    def close(self) -> None:
        """Ends all tasks, and returns when they have, or after `LEAVES_WITHIN_S`: a thread is not waited for longer."""
        with self._guard:
            self._closed = True
            tasks, threads = list(self._tasks.values()), list(self._threads.values())
        for task in tasks:
            task.cancel()
        due_s = time.monotonic() + LEAVES_WITHIN_S
        for thread in threads:
            thread.join(max(0.0, due_s - time.monotonic()))
        for task in tasks:
            task.kept.close()


def _do(work: Work[Result], task: Task[Result]) -> None:
    with ExitStack() as at_the_end:
        at_the_end.callback(task.ended.set)
        at_the_end.callback(work.afterwards)
        try:
            task.check()
            task.result = work.do(task)
        except Cancelled:
            task.error, task.cancelled = work.cancelled, True
        except FlowerlabError as error:
            task.error = str(error)
        except Exception as error:
            # A page waits for the end, whatever happens here.
            LOG.exception("A task met an error: %s", work.key)
            why = isinstance(error, OSError) and error.strerror
            task.error = work.failed.format(error=why or f"{type(error).__name__}: {error}")
