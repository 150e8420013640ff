"""The queue of runs: what is asked for is checked, written into the store, and waits there for its turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flowerlab.datasets.availability import Availability
from flowerlab.errors import BadInput
from flowerlab.estimates.estimator import Estimator
from flowerlab.home import Home
from flowerlab.recipe.presets import name_of
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.provenance import materials_here, settled
from flowerlab.runs.resume import longer
from flowerlab.runs.run import Run, RunState
from flowerlab.scheduler.checks import check
from flowerlab.scheduler.fairness import check_queue, in_turns
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.system.locks import waiting_for


@dataclass(frozen=True)
class Started:
    """A run that was asked for; `existing`: an equal one was there, and was not trained again."""

    run: Run
    existing: bool


@dataclass
class Batch:
    """Runs that one student queues together; see `RunQueue.batch`."""

    queue: RunQueue
    student: str
    added: list[str] = field(default_factory=list)

    def start(self, recipe: Recipe, *, name: str | None = None, again: bool = False) -> Started:
        """Queues a run as `RunQueue.start` does; it begins when the batch is whole."""
        started = self.queue.start(recipe, name=name, again=again, student=self.student)
        if not started.existing:
            self.added.append(started.run.id)
        return started


class RunQueue:
    """Starts, stops and continues the runs of one home.

    Attributes:
        wake: Called after each change; the scheduler of this process puts itself here.
    """

    def __init__(self, home: Home, settings: Settings, store: Store, data: Availability, estimates: Estimator) -> None:
        self._home, self._settings, self._store, self._data, self._estimates = home, settings, store, data, estimates
        self.wake: Callable[[], None] = lambda: None

    def start(self, recipe: Recipe, *, name: str | None = None, again: bool = False, student: str = "") -> Started:
        """Queues a run, unless an equal one is done, live or waiting.

        Args:
            name: For people; None: made from the recipe.
            again: Train even if an equal run is there.
            student: Who asks for it, see `flowerlab.scheduler.fairness`.

        Raises:
            BadRecipe: If the run it starts from does not fit, or files it names are missing.
            HomeUnusable: If the list of runs takes none.
            NoRoom: If it needs more memory or disk than this machine can give.
            QueueFull: If as many runs wait as may.
        """
        self._store.check_changeable()
        recipe = settled(recipe, self._store.source)
        self.check(recipe)
        name, materials = name or name_of(recipe), self.materials(recipe)
        if not again and (equal := self._store.equal_to(recipe, materials=materials)) is not None:
            return Started(equal, existing=True)
        self._estimates.check_room(recipe)
        admit = self._admission(student)
        added = self._store.add_unless_equal(recipe, name, materials=materials, student=student, admit=admit, again=again)
        self.wake()
        return Started(*added)

    @contextmanager
    def batch(self, student: str = "") -> Iterator[Batch]:
        """Begins no run for the length of a block, so that runs which share features are known together.

        All runs that are started with the batch are queued, or, if the block fails, none.
        """
        with waiting_for(queueing_lock(self._home), poll_s=0.02):
            batch = Batch(self, student)
            try:
                yield batch
            except BaseException:
                self._store.withdraw(batch.added)
                raise
        self.wake()

    def equal_to(self, recipe: Recipe) -> Run | None:
        """Returns the run that `start` would return instead of making a new one; None if it would make one."""
        recipe = settled(recipe, self._store.source)
        return self._store.equal_to(recipe, materials=self.materials(recipe))

    def check(self, recipe: Recipe, *, brings: Collection[str] = ()) -> None:
        """Checks that a recipe can be trained here; see `flowerlab.scheduler.checks.check`."""
        check(recipe, self._home, self._store, self._data, brings=brings)

    def materials(self, recipe: Recipe) -> str:
        """Returns what tells a recipe's photos and shipped weights from others of the same name."""
        return materials_here(recipe, self._home, self._data.garden)

    def stop(self, run_id: str) -> RunState:
        """Asks a run to stop and returns its state. While it is being tested: skips the test."""
        state = self._store.request_stop(run_id)
        self.wake()
        return state

    def go_on(self, run_id: str, *, epochs: int | None = None, student: str = "") -> Run:
        """Has a run that is over continue after its last whole epoch, with its optimizer as it was; it keeps its model meanwhile.

        Args:
            epochs: How many more to train; None: those of its recipe that are left.

        Raises:
            BadInput: If it cannot continue, or its photos or weights are no longer those that it was trained with.
        """
        run = self._store.get(run_id)
        recipe, patience_from = longer(run, self._home, epochs)
        self.check(recipe)
        if self.materials(recipe) != self._store.materials(run_id):
            raise BadInput(
                f"{run.name!r} cannot go on: the photos or weights that it was trained with have changed. Train its recipe again as "
                f"a new run. Received: {run.id}."
            )
        self._estimates.check_room(recipe)
        self._store.go_on(run_id, recipe, patience_from=patience_from, student=student, admit=self._admission(student))
        self.wake()
        return self._store.get(run_id)

    def wait(self, run_ids: Sequence[str], *, watch: Callable[[], None] = lambda: None, every_s: float = 0.2) -> None:
        """Returns when all these runs are over; calls `watch` at every look."""
        while True:
            watch()
            if all(self._store.get(run_id).state.over for run_id in run_ids):
                return
            time.sleep(every_s)

    def place(self, run: Run) -> int:
        """Returns how many runs go before a waiting one (those under way included)."""
        waiting = [other.id for other in in_turns(self._store.queued(), self._store.turns())]
        return (waiting.index(run.id) if run.id in waiting else 0) + len(self._store.live())

    def _admission(self, student: str) -> Callable[[list[Run]], None]:
        return lambda waiting: check_queue(waiting, student, self._settings)


def queueing_lock(home: Home) -> Path:
    """Returns the lock that is held while several runs are queued together: meanwhile no process begins one."""
    return home.locks / "queueing"
