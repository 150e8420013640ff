"""The embedded engine: one trainer process on this machine, one run at a time."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from pathlib import Path
from typing import Any

import psutil

from flowerlab.engine.one_slot import OneSlotEngine
from flowerlab.engine.process import TrainerProcess, first_words
from flowerlab.engine.protocol import Job, Sink
from flowerlab.errors import FlowerlabError, StoreLocked
from flowerlab.home import Home
from flowerlab.runs.events import Attempt, End, Event, from_record
from flowerlab.settings import Settings
from flowerlab.system.filesystems import no_room
from flowerlab.system.memory import free_bytes
from flowerlab.system.processes import TRAINER

SPARE_NEEDS_FREE_MB = 4000.0
SPARE_AFTER_S = 12.0
POLL_S = 0.1
SAVING_GRACE_S = 60.0
AGAIN_S = 1.0
# How much the clock that dates events may be behind the one that dates processes.
CLOCKS_DIFFER_S = 1.0
TRIES = 3
LOG = logging.getLogger(__name__)


class LocalEngine(OneSlotEngine):
    """Trains in a child process that can be killed, is niced, and gives all its memory back when it leaves.

    A trainer that ended a run cleanly takes the next one, with TensorFlow already loaded. It is retired after a failure,
    after a number of runs, when its memory has grown, and when it has been idle for long.
    """

    def __init__(self, sink: Sink, home: Home, settings: Settings) -> None:
        super().__init__(sink, "local-engine")
        self._home = home
        self._settings = settings
        self._stop_due_s: float | None = None
        self._testing = False
        self._trainer: TrainerProcess | None = None
        self._thread.start()

    @staticmethod
    def end_left_over(taken: Attempt) -> bool:
        """See `Engine.end_left_over`. By itself it leaves at once, but not while it is frozen; it holds its locks until then."""
        try:
            process = psutil.Process(taken.pid)
            # One that began later has the same pid by chance.
            if process.cmdline()[1:4] != TRAINER or process.create_time() > taken.time_s + CLOCKS_DIFFER_S:
                return False
            process.kill()
        except psutil.Error:
            return False
        return True

    def _stop_running(self, job: Job) -> None:
        """Asks the trainer; one that has not obeyed after the grace is killed."""
        if self._trainer is not None:
            self._trainer.send({"do": "stop", "run_id": job.run_id})
            if self._stop_due_s is None:
                self._stop_due_s = time.monotonic() + self._grace_s(job)

    def _grace_s(self, job: Job) -> float:
        """Returns how long a trainer may take to obey; one that only saves a model heeds Stop when it begins to test."""
        return self._settings.stop_grace_s if job.task == "train" or self._testing else SAVING_GRACE_S

    def _leave(self) -> None:
        with self._changed:
            trainer, busy = self._trainer, self._running is not None
        if trainer is not None:
            if busy:
                trainer.kill()
            else:
                trainer.leave()

    # The engine's thread

    def _work(self) -> None:
        if self._settings.warm_spare:
            # The first page needs the cores more, and so does the process that classifies, which loads TensorFlow too.
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._closed, timeout=SPARE_AFTER_S)
            self._have_spare()
        super()._work()

    def _run(self, job: Job) -> None:
        try:
            self._train(job)
        except Exception as error:
            # A full disk, a locked store, a process that cannot be started: the next run may have more luck.
            LOG.exception("The engine met an error in run %s.", job.run_id)
            if (trainer := self._trainer) is not None:
                trainer.kill()
            self._hand_on(End(**job.stamp, state="failed", message=_sentence(error)))
            self._set_free()

    def _train(self, job: Job) -> None:
        trainer = self._have_trainer()
        if trainer is None:
            return
        trainer.runs += 1
        trainer.send({"do": "run", "job": job.model_dump(mode="json"), "warm": trainer.ready.is_set()})
        clean = self._listen(job, trainer)
        self._set_free()
        if not clean or self._worn_out(trainer):
            self._dismiss(trainer)
            self._have_spare()

    def _have_spare(self) -> None:
        """Starts a trainer ahead of the next run, where there is memory for one that only waits."""
        if not self._settings.warm_spare or free_bytes() / 1e6 <= SPARE_NEEDS_FREE_MB:
            return
        with contextlib.suppress(OSError):
            # If it cannot be started now, the next run will say so.
            self._have_trainer()

    def _set_free(self) -> None:
        with self._changed:
            super()._set_free()
            self._stop_due_s, self._testing = None, False

    def _hand_on(self, event: Event) -> None:
        """Hands an event to the sink; tries again if that fails.

        An end is tried until it is taken: a run without one would look under way forever.
        """
        tries = 0
        while not self._closed:
            try:
                self._sink(event)
            except Exception as error:
                # One that another program holds is free again some time; the trainer trains on meanwhile.
                tries += not isinstance(error, StoreLocked)
                if tries == TRIES and not isinstance(event, End):
                    raise
                LOG.exception("An event of run %s was not taken.", event.run_id)
                time.sleep(AGAIN_S)
            else:
                return

    def _while_idle(self, idle_s: float) -> None:
        """Dismisses a trainer that has been idle for long."""
        trainer = self._trainer
        if trainer is not None and trainer.runs and idle_s > self._settings.trainer_idle_s:
            self._trainer = None
            trainer.leave()
            # It gives back what its runs took; a fresh one that only waits takes little.
            self._have_spare()

    def _have_trainer(self) -> TrainerProcess | None:
        with self._changed:
            if self._trainer is not None and not self._trainer.alive:
                self._trainer = None
            if self._trainer is None and not self._closed:
                self._trainer = TrainerProcess("train", self._settings, self._home.log("trainer"))
                self._trainer.send(first_words(self._home, self._settings))
            return self._trainer

    def _listen(self, job: Job, trainer: TrainerProcess) -> bool:
        """Hands on the trainer's events until the run ends; returns whether the trainer may take another run."""
        while True:
            try:
                message = trainer.messages.get(timeout=POLL_S)
            except queue.Empty:
                if self._overdue():
                    trainer.kill()
                continue
            if message is None:
                self._hand_on(self._silent_end(job, trainer))
                return False
            if message.get("kind") == "ready":
                continue
            if self._take(message, job):
                return message.get("state") in ("done", "stopped")
            if self._overdue():
                trainer.kill()

    def _take(self, message: dict[str, Any], job: Job) -> bool:
        """Hands one event on; returns whether it was the run's end."""
        event = from_record(message)
        if event.run_id != job.run_id:
            return False
        if event.kind == "evaluating" and not self._testing:
            # Training has ended as it should; the test that follows may take its time.
            self._testing, self._stop_due_s = True, None
        self._hand_on(event)
        return isinstance(event, End)

    def _overdue(self) -> bool:
        due_s = self._stop_due_s
        return due_s is not None and time.monotonic() > due_s

    def _silent_end(self, job: Job, trainer: TrainerProcess) -> End:
        lines = last_lines(self._home.run(job.run_id) / "log.txt")
        said = f" It said last: {lines}" if lines else ""
        message = f"The trainer {trainer.how_it_ended()} in the middle of the run.{said}"
        return End(**job.stamp, state="interrupted", message=message)

    def _worn_out(self, trainer: TrainerProcess) -> bool:
        memory_mb = trainer.memory_mb()
        if trainer.memory_mb_at_first is None:
            trainer.memory_mb_at_first = memory_mb
        grown_mb = memory_mb - trainer.memory_mb_at_first
        return trainer.runs >= self._settings.trainer_runs or grown_mb > self._settings.trainer_growth_mb

    def _dismiss(self, trainer: TrainerProcess) -> None:
        with self._changed:
            if self._trainer is trainer:
                self._trainer = None
        trainer.leave()


def _sentence(error: Exception) -> str:
    if no_room(error):
        return "The disk is full, so the lab could not go on with this run. Free some space, then have it go on."
    if isinstance(error, FlowerlabError):
        return str(error)
    return f"The lab itself met an error in this run ({type(error).__name__}: {error}). Try it again."


def last_lines(log: Path, *, lines: int = 3, limit: int = 600) -> str:
    """Returns the last lines of a log as one short text; empty if there are none."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - 4 * limit))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return " / ".join(line.strip() for line in text.splitlines()[-lines:] if line.strip())[-limit:]
