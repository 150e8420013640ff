"""Who runs the queue: of all processes that open a home, one at a time hands waiting runs to its engine.

The others (the command line beside the app) write to the store and watch. When the owner goes, the next one takes over. A run whose
trainer died, alone or with its owner, continues after its last whole epoch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from flowerlab.engine import Engine, JobTask, Sink
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End, Event
from flowerlab.runs.run import Run
from flowerlab.scheduler.checkpoint_budget import bound_checkpoints
from flowerlab.scheduler.fairness import in_turns
from flowerlab.scheduler.jobs import make_job
from flowerlab.scheduler.queue import queueing_lock
from flowerlab.scheduler.readiness import can_begin
from flowerlab.scheduler.retries import end_without_model, give_back, retry, take_over, task_to_finish
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.system.filesystems import no_room
from flowerlab.system.locks import ProcessLock

LOOK_S = 0.2
# After a fault.
AGAIN_S = 2.0
RECORDS_AT_ONCE, RECORDS_AGAIN_S = 5, 30.0
CLEAN_FIRST_AFTER_S, CLEAN_EVERY_S = 60.0, 3600.0
LOG = logging.getLogger(__name__)


class Scheduler:
    """A thread that owns the queue of a home whenever nobody else does.

    Args:
        make_engine: Called with the sink once this process has become the owner.
        check_disk: Called with a recipe that is about to begin; raises `NoRoom` if the disk has no room for it.
        clean: Does what the cleaning rule says; called from time to time.
    """

    def __init__(
        self,
        store: Store,
        home: Home,
        settings: Settings,
        make_engine: Callable[[Sink], Engine],
        check_disk: Callable[[Recipe], None] = lambda recipe: None,
        clean: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._home = home
        self._settings = settings
        self._make_engine = make_engine
        self._check_disk = check_disk
        self._clean = clean
        self._clean_due_s = time.monotonic() + CLEAN_FIRST_AFTER_S
        self._lock = ProcessLock(home.locks / "owner")
        self._engine: Engine | None = None
        self._stops_sent: dict[str, int] = {}
        self._tasks: dict[str, JobTask] = {}
        self._wake = threading.Event()
        self._closed = False
        self._troubles: dict[str, str] = {}
        self._records_due_s = 0.0
        self._begins_more = True
        self._dispatching = threading.Lock()
        # The engine's thread says events while the owner's hands out jobs; either may do the other's work on its way.
        self._guard = threading.RLock()
        self._thread = threading.Thread(target=self._work, daemon=True, name="owner")
        self._thread.start()

    @property
    def engine(self) -> Engine | None:
        """The engine, if this process owns the queue."""
        return self._engine

    @property
    def owns(self) -> bool:
        """Whether this process owns the queue."""
        return self._engine is not None

    @property
    def trouble(self) -> str:
        """What keeps the queue from going on now, as a sentence; empty if nothing does."""
        return next(iter(self._troubles.values()), "")

    def wake(self) -> None:
        """Looks at the store now, not at the next beat."""
        self._wake.set()

    def finish_under_way(self) -> None:
        """Waits for the runs that are under way; those that wait are left to the next owner."""
        with self._dispatching:
            self._begins_more = False
        under_way = [run.id for run in self._store.live()]
        while not all(self._store.get(run_id).state.over for run_id in under_way):
            time.sleep(LOOK_S)

    def close(self) -> None:
        """Gives the queue back. A run that is under way waits for the next owner, who has it go on."""
        self._closed = True
        self._wake.set()
        self._thread.join(timeout=15)

    def _work(self) -> None:
        while not self._closed:
            try:
                if self._engine is None and self._lock.acquire():
                    self._engine = self._take_over()
                if self._engine is not None:
                    with self._dispatching, self._guard:
                        self._forward_stops(self._engine)
                        if self._begins_more:
                            self._dispatch(self._engine)
                    self._write_records()
                    self._tick()
                self._troubles.pop("queue", None)
            except Exception as error:
                # The queue must outlive a passing fault (a locked file, a full disk); the log keeps what happened.
                self._note("queue", error)
                if not self._closed:
                    self._wake.wait(AGAIN_S)
            self._wake.wait(LOOK_S)
            self._wake.clear()
        try:
            if self._engine is not None:
                self._engine.close()
                give_back(self._store)
        except Exception as error:
            # The next owner takes these runs for those of a lab that was killed, and has them go on too.
            self._note("queue", error)
        finally:
            self._lock.release()

    def _note(self, what: str, error: Exception) -> None:
        """Writes a fault into the log, once as long as it stays the same, and remembers its sentence."""
        sentence = str(error) if isinstance(error, FlowerlabError) else f"{type(error).__name__}: {error}"
        if no_room(error):
            sentence = "The disk is full: no run can begin. Free some space; the queue then goes on by itself."
        if self._troubles.get(what) != sentence:
            LOG.error("The owner of the queue met an error and goes on.", exc_info=error)
        self._troubles[what] = sentence

    def _write_records(self) -> None:
        """Writes runs into their folders that are not there as they are now: those of an older Flowerlab, a few at a time."""
        if time.monotonic() < self._records_due_s:
            return
        for run_id in self._store.unwritten(RECORDS_AT_ONCE):
            if not self._store.keep(run_id):
                self._records_due_s = time.monotonic() + RECORDS_AGAIN_S
                return

    def _take_over(self) -> Engine:
        engine = self._make_engine(self._take)
        try:
            take_over(engine, self._store, self._home)
            self._home.sweep()
        except BaseException:
            # It is tried again, with another engine.
            engine.close()
            raise
        return engine

    def _forward_stops(self, engine: Engine) -> None:
        for run in self._store.live():
            if run.id not in self._tasks:
                # It was being stopped when its trainer went, or while it waited for another attempt.
                self._stops_sent[run.id] = run.stop_requests
                self._finish(engine, run)
            elif run.stop_requests > self._stops_sent.get(run.id, 0):
                self._stops_sent[run.id] = run.stop_requests
                engine.stop(run.id)

    def _dispatch(self, engine: Engine) -> None:
        waiting, (busy, total) = self._store.queued(), engine.slots()
        if not waiting or busy >= total:
            return
        # Runs that are being queued together are known together, or not at all.
        hold = ProcessLock(queueing_lock(self._home))
        if not hold.acquire():
            return
        try:
            self._begin(engine, total - busy)
        finally:
            hold.release()

    def _begin(self, engine: Engine, free: int) -> None:
        for run in in_turns(self._store.queued(), self._store.turns()):
            if free <= 0:
                return
            if can_begin(self._store, self._home, run, self._check_disk):
                self._stops_sent.pop(run.id, None)
                self._submit(engine, run)
                free -= 1

    def _submit(self, engine: Engine, run: Run, task: JobTask = "train") -> None:
        self._home.run(run.id).mkdir(parents=True, exist_ok=True)
        waiting = [other.recipe for other in self._store.queued() if other.id != run.id]
        job = make_job(
            run.id,
            run.attempt + 1,
            run.recipe,
            settings=self._settings,
            source=self._store.source,
            task=task,
            patience_from=run.patience_from,
            waiting=waiting,
        )
        # Last of all: whatever fails before leaves the run waiting, and it is tried again.
        attempt = self._store.begin_attempt(run.id)
        self._tasks[run.id] = task
        engine.submit(job.model_copy(update={"attempt": attempt}))

    def _take(self, event: Event) -> None:
        """Takes an event from the engine."""
        with self._guard:
            if isinstance(event, End) and event.state == "interrupted" and self._engine is not None:
                run = self._store.get(event.run_id)
                if run.attempt == event.attempt and run.state.live:
                    if run.stop_requests:
                        self._finish(self._engine, run)
                    else:
                        self._tasks.pop(run.id, None)
                        retry(self._store, self._home, run, event.message)
                    self._wake.set()
                    return
            # What an attempt that was superseded says ends nothing.
            if self._append(event) and isinstance(event, End):
                self._tasks.pop(event.run_id, None)
                bound_checkpoints(self._home, self._store, self._settings.checkpoints_gb * 1e9)
                self._wake.set()

    def _append(self, event: Event) -> bool:
        try:
            taken = self._store.append(event)
        except Exception as error:
            self._note("events", error)
            raise
        self._troubles.pop("events", None)
        return taken

    def _finish(self, engine: Engine, run: Run) -> None:
        """Has a run that was to stop, and has no trainer any more, tested and saved as far as it came."""
        before = self._tasks.get(run.id, "train")
        task = task_to_finish(self._home, run, before)
        if task is not None:
            self._submit(engine, run, task)
            return
        self._tasks.pop(run.id, None)
        end_without_model(self._store, self._home, run, before)

    def _tick(self) -> None:
        """Does what is due from time to time, beside the queue: deleting many files takes a while."""
        if time.monotonic() < self._clean_due_s:
            return
        self._clean_due_s = time.monotonic() + CLEAN_EVERY_S
        threading.Thread(target=self._clean_up, daemon=True, name="retention").start()

    def _clean_up(self) -> None:
        try:
            self._clean()
        except (FlowerlabError, OSError):
            # A full disk, a locked file: it may go in an hour.
            LOG.exception("The cleaning rule could not be kept this time.")
