"""Who runs the queue: of all processes that open a home, one at a time hands waiting runs to its engine.

The others (the command line beside the app) write to the store and watch. When the owner goes, the next one takes over. A run whose
trainer died, alone or with its owner, goes on behind its last whole epoch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from flowerlab.disk.retention import remember_checkpoints
from flowerlab.engine import Engine, Sink, Task
from flowerlab.engine.process import end_left_over
from flowerlab.errors import FlowerlabError, NoRoom
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import forget_checkpoints, left_behind, workplaces
from flowerlab.runs.events import Attempt, End, Event, Start
from flowerlab.runs.run import Run, RunState
from flowerlab.scheduler.fairness import in_turns
from flowerlab.scheduler.jobs import make_job
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.system.files import bytes_of
from flowerlab.system.filesystems import no_room
from flowerlab.system.locks import ProcessLock

LOOK_S = 0.2
# After a fault.
AGAIN_S = 2.0
RECORDS_AT_ONCE, RECORDS_AGAIN_S = 5, 30.0
# So often a run whose trainer died is started again by itself.
MOST_RESTARTS = 2
LOG = logging.getLogger(__name__)


def queueing_lock(home: Home) -> Path:
    """Returns the lock that is held while several runs are queued together: meanwhile no process begins one."""
    return home.locks / "queueing"


class Owner:
    """A thread that owns the queue of a home whenever nobody else does.

    Args:
        store: The runs.
        home: Where the lock lies.
        settings: For the jobs.
        make_engine: Called with the sink once this process has become the owner.
        check_disk: Called with a recipe that is about to begin; raises `NoRoom` if the disk has no room for it.
    """

    def __init__(
        self,
        store: Store,
        home: Home,
        settings: Settings,
        make_engine: Callable[[Sink], Engine],
        check_disk: Callable[[Recipe], None] = lambda recipe: None,
    ) -> None:
        self._store = store
        self._home = home
        self._settings = settings
        self._make_engine = make_engine
        self._check_disk = check_disk
        self._lock = ProcessLock(home.locks / "owner")
        self._engine: Engine | None = None
        self._stops_sent: dict[str, int] = {}
        self._tasks: dict[str, Task] = {}
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

    def begin_no_more(self) -> None:
        """Leaves waiting runs to the next owner, from the return of this call on; what is under way goes on."""
        with self._dispatching:
            self._begins_more = False

    def close(self) -> None:
        """Gives the queue back. A run that is under way waits for the next owner, who has it go on."""
        self._closed = True
        self._wake.set()
        self._thread.join(timeout=15)

    def _work(self) -> None:
        while not self._closed:
            try:
                if self._engine is None and self._lock.acquire():
                    self._take_over()
                if self._engine is not None:
                    with self._dispatching, self._guard:
                        self._forward_stops(self._engine)
                        if self._begins_more:
                            self._dispatch(self._engine)
                    self._write_records()
                self._troubles.pop("queue", None)
            except Exception as error:
                # The queue must outlive a passing fault (a locked file, a full disk); the log keeps what happened.
                self._note("queue", error)
                if not self._closed:
                    self._wake.wait(AGAIN_S)
            self._wake.wait(LOOK_S)
            self._wake.clear()
        try:
            self._give_back()
        except Exception as error:
            # The next owner takes these runs for those of a lab that was killed, and has them go on too.
            self._note("queue", error)
        finally:
            self._lock.release()

    def _give_back(self) -> None:
        if self._engine is not None:
            self._engine.close()
            for run in self._store.live():
                self._store.requeue(run.id, "The lab was closed while this run was under way; it goes on.", died=False)

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

    def _take_over(self) -> None:
        # An owner that closes leaves no run under way: these are of one that was killed.
        for run in self._store.live():
            self._end_what_prepares(run)
            self._go_on(run, "The lab was killed while this run was under way.")
        self._home.sweep()
        self._engine = self._make_engine(self._take)

    def _end_what_prepares(self, run: Run) -> None:
        """Ends a run's trainer if it was left behind while it made photos or features ready: the next attempt waits for its locks."""
        said = [event for _, event in self._store.events(run.id) if event.attempt == run.attempt]
        taken = next((event for event in said if isinstance(event, Attempt)), None)
        prepares = not any(isinstance(event, Start) for event in said)
        if taken is not None and prepares and end_left_over(taken.pid, taken.time_s):
            LOG.warning("The trainer %d of run %s was left behind, and is ended.", taken.pid, run.id)

    def _go_on(self, run: Run, what_happened: str) -> None:
        """Has a run whose trainer died wait for another attempt; ends it if that has happened too often."""
        left = left_behind(self._home.run(run.id))
        where = f"from epoch {left.epochs_run + 1}" if left else "from the start"
        if run.deaths < MOST_RESTARTS or run.stop_requests:
            self._store.requeue(run.id, f"{what_happened} It goes on {where}.", died=True)
            return
        message = f"{what_happened} That was the third time, so it was not started again. It can go on {where}."
        self._store.append(End(run_id=run.id, attempt=run.attempt, state="interrupted", message=message))

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
            ready = run.recipe.start_from is None or self._source_is_ready(run)
            if ready and self._disk_suffices(run):
                self._stops_sent.pop(run.id, None)
                self._submit(engine, run)
                free -= 1

    def _disk_suffices(self, run: Run) -> bool:
        """Whether the disk has room for a run; ends it if not: a full disk would end it in the middle."""
        try:
            self._check_disk(run.recipe)
        except NoRoom as error:
            # What it has learnt stays, and it can go on once there is room.
            left = left_behind(self._home.run(run.id)) is not None
            attempt = self._store.begin_attempt(run.id)
            state: Literal["interrupted", "failed"] = "interrupted" if left else "failed"
            self._store.append(End(run_id=run.id, attempt=attempt, state=state, message=str(error)))
            return False
        except (FlowerlabError, OSError) as error:
            # Photos that are gone, for example: the trainer finds the words.
            LOG.info("How much disk run %s needs is not known (%s).", run.id, error)
        return True

    def _submit(self, engine: Engine, run: Run, task: Task = "train") -> None:
        self._home.run(run.id).mkdir(parents=True, exist_ok=True)
        waiting = [other.recipe for other in self._store.queued() if other.id != run.id]
        job = make_job(
            run.id,
            run.attempt + 1,
            run.recipe,
            home=self._home,
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

    def _source_is_ready(self, run: Run) -> bool:
        """Whether the run that this one starts from has its model; ends this one if it never will."""
        assert run.recipe.start_from is not None
        sources = [source for source in self._store.all() if source.id == run.recipe.start_from]
        if sources and sources[0].result is not None:
            return True
        if not sources or sources[0].state.over:
            name = sources[0].name if sources else run.recipe.start_from
            attempt = self._store.begin_attempt(run.id)
            message = f"The run that it starts from ({name}) has no model. Train that one first, then this one again."
            self._store.append(End(run_id=run.id, attempt=attempt, state="failed", message=message))
        return False

    def _take(self, event: Event) -> None:
        """Takes an event from the engine."""
        with self._guard:
            if isinstance(event, End) and event.state == "interrupted" and self._engine is not None:
                run = self._store.get(event.run_id)
                if run.attempt == event.attempt and run.state.live:
                    self._take_death(self._engine, run, event)
                    self._wake.set()
                    return
            # What an attempt that was superseded says ends nothing.
            if self._append(event) and isinstance(event, End):
                self._tasks.pop(event.run_id, None)
                self._bound_checkpoints()
                self._wake.set()

    def _append(self, event: Event) -> bool:
        try:
            taken = self._store.append(event)
        except Exception as error:
            self._note("events", error)
            raise
        self._troubles.pop("events", None)
        return taken

    def _bound_checkpoints(self) -> None:
        """Removes what finished runs keep to be trained on, where it is too much; of the others it is all that there is."""
        room = self._settings.checkpoints_gb * 1e9
        try:
            # Not by the clock, which may have been set back.
            for run in self._store.latest_ends():
                if run.result is None:
                    continue
                taken = sum(bytes_of(folder) for folder in workplaces(self._home.run(run.id)))
                room -= taken
                if taken and room < 0 and self._store.get(run.id).state.over:
                    self._forget_checkpoints(run, taken)
        except (OSError, FlowerlabError):
            # The end of the run was taken; the next one's end tries again.
            LOG.exception("The checkpoints of finished runs could not be bounded.")

    def _forget_checkpoints(self, run: Run, taken: int) -> None:
        """Takes from a finished run what it could be trained on with, and tells of it first: nothing goes in silence."""
        try:
            remember_checkpoints(self._home, run.name, taken)
        except OSError:
            # A full disk: what goes makes the room for the words.
            forget_checkpoints(self._home.run(run.id))
            remember_checkpoints(self._home, run.name, taken)
        else:
            forget_checkpoints(self._home.run(run.id))

    def _take_death(self, engine: Engine, run: Run, event: End) -> None:
        """Sees to a run whose trainer went away without a word: it goes on, or what is there is saved if it was to stop."""
        if run.stop_requests:
            self._finish(engine, run)
        else:
            self._tasks.pop(run.id, None)
            self._go_on(run, event.message)

    def _finish(self, engine: Engine, run: Run) -> None:
        """Has a run that was to stop, and has no trainer any more, tested and saved as far as it came.

        Killed in the test, or again, the next attempt only saves.
        """
        task = self._tasks.get(run.id, "train")
        if left_behind(self._home.run(run.id)) is not None and task != "save":
            tested_long_enough = run.state is RunState.EVALUATING or task == "finish"
            self._submit(engine, run, "save" if tested_long_enough else "finish")
            return
        message = "Stopped before the first whole epoch: there is no model."
        if task == "save":
            message = f"Stopped, and its model could not be saved. What it learnt lies in {self._home.run(run.id)}."
        self._tasks.pop(run.id, None)
        self._store.append(End(run_id=run.id, attempt=run.attempt, state="stopped", message=message))
