"""What engines that run one job at a time have in common."""

from __future__ import annotations

import threading
import time
from collections import deque

from flowerlab.engine.protocol import Job, Sink
from flowerlab.runs.events import End

LOOK_S = 1.0


class OneSlotEngine:
    """Runs one job after another in a thread of its own, which the subclass starts once it is whole.

    Args:
        sink: Called with every event, from the engine's thread; from the caller's with the end of a job that never began.
    """

    def __init__(self, sink: Sink, name: str) -> None:
        self._sink = sink
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, daemon=True, name=name)

    def submit(self, job: Job) -> None:
        """See `Engine.submit`."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify_all()

    def stop(self, run_id: str) -> None:
        """See `Engine.stop`."""
        with self._changed:
            waiting = next((job for job in self._waiting if job.run_id == run_id), None)
            if waiting is None:
                if self._running is not None and self._running.run_id == run_id:
                    self._stop_running(self._running)
                return
            if waiting.task != "train":
                self._waiting[self._waiting.index(waiting)] = waiting.model_copy(update={"task": "save"})
                return
            self._waiting.remove(waiting)
        self._sink(End(**waiting.stamp, state="stopped", message="Stopped before it began."))

    def slots(self) -> tuple[int, int]:
        """See `Engine.slots`."""
        with self._changed:
            return min(1, len(self._waiting) + (self._running is not None)), 1

    def close(self) -> None:
        """See `Engine.close`."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        self._leave()
        self._thread.join(timeout=10)

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            self._run(job)

    def _next_job(self) -> Job | None:
        """Waits for a job, which then is the running one until `_set_free`; returns None when the engine is closed."""
        idle_since_s = time.monotonic()
        with self._changed:
            while not self._closed:
                if self._waiting:
                    self._running = self._waiting.popleft()
                    return self._running
                self._changed.wait(timeout=LOOK_S)
                self._while_idle(time.monotonic() - idle_since_s)
        return None

    def _set_free(self) -> None:
        with self._changed:
            self._running = None

    # What a subclass does

    def _run(self, job: Job) -> None:
        """Runs a job to its end; called from the engine's thread."""
        raise NotImplementedError

    def _stop_running(self, job: Job) -> None:
        """Passes on that the running job is to stop; called with the lock held."""
        raise NotImplementedError

    def _while_idle(self, idle_s: float) -> None:
        """Called every second, with the lock held."""

    def _leave(self) -> None:
        """Ends what trains."""
