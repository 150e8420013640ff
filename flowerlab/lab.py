"""The lab: one home, opened; its parts, each under the name of what it does."""

from __future__ import annotations

import functools

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.disk import retention
from flowerlab.disk.inventory import Disk
from flowerlab.disk.trash import Trash
from flowerlab.engine import Engine, Sink
from flowerlab.engine.registry import ENGINES
from flowerlab.estimates.estimator import Estimator
from flowerlab.inference.predictor import Predictor
from flowerlab.packs.starter import STARTER_ID, bring_starter
from flowerlab.scheduler.queue import RunQueue
from flowerlab.scheduler.scheduler import Scheduler
from flowerlab.settings import Settings
from flowerlab.store.opening import open_home
from flowerlab.tasks import TaskRunner
from flowerlab.tasks.refreshed import Refreshed


class Lab:
    """One home, opened. Each process that uses the lab has one.

    Args:
        settings: None: from the environment.
        run_queue: Whether this process should train waiting runs when nobody else does.

    Attributes:
        notices: What happened when it was opened and people should know, as sentences.
        scheduler: Who runs the queue in this process; None if it shall not, or if nothing can be changed here.

    Raises:
        HomeUnusable: If the home, or the store in it, can neither be used nor looked at.
    """

    def __init__(self, settings: Settings | None = None, *, run_queue: bool = True) -> None:
        self.settings = settings or Settings.from_environment()
        self._opened = open_home(self.settings.home)
        self.home, self.store, self.notices = self._opened.home, self._opened.store, self._opened.notices
        self.data = Availability(self.home, garden_of(self.settings))
        self.estimates = Estimator(self.home, self.settings, self.store, self.data)
        self.queue = RunQueue(self.home, self.settings, self.store, self.data, self.estimates)
        self.trash = Trash(self.home, self.store)
        self.predictor = Predictor(self.home, self.settings)
        self.tasks = TaskRunner()
        self.disk = Disk(self.home, self.store, self.data, self.trash)
        self.usage = Refreshed(self.disk.measure)
        self.scheduler: Scheduler | None = None
        if not self.store.read_only:
            self._bring_into_line()
            self.scheduler = self._scheduler() if run_queue else None

    def _bring_into_line(self) -> None:
        if self.settings.starter:
            # Lost with the list, it comes back whole; deleted by a person, it does not.
            lost = self._opened.rebuilt is not None and STARTER_ID in self._opened.rebuilt.refused
            bring_starter(self.home, self.store, again=lost)
        self.trash.bring_into_line()

    def _scheduler(self) -> Scheduler:
        clean = functools.partial(retention.apply, self.home, self.store, self.trash, self.settings)
        check_disk = self.estimates.check_disk
        scheduler = Scheduler(self.store, self.home, self.settings, self._make_engine, check_disk=check_disk, clean=clean)
        self.queue.wake = scheduler.wake
        return scheduler

    def _make_engine(self, sink: Sink) -> Engine:
        return ENGINES[self.settings.engine](sink, self.home, self.settings)

    @property
    def owns_queue(self) -> bool:
        """Whether this process runs the queue."""
        return self.scheduler is not None and self.scheduler.owns

    @property
    def trouble(self) -> str:
        """What keeps the queue of this process from going on now, as a sentence; empty if nothing does."""
        return "" if self.scheduler is None else self.scheduler.trouble

    def close(self) -> None:
        """Ends all that this process started. Runs under way are left to the next owner of the home."""
        if self.scheduler is not None:
            self.scheduler.close()
        for part in (self.tasks, self.predictor, self._opened):
            part.close()
