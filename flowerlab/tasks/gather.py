"""Gathering a data set outside a run, so that the Data page can show it: one process each, with progress."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.engine.process import TrainerProcess
from flowerlab.engine.protocol import Job
from flowerlab.home import Home
from flowerlab.settings import Settings


@dataclass
class Gathering:
    """How far the gathering of one data set, or a download, is.

    Args:
        dataset: Its name, or the architecture's whose weights are fetched.
        step: What is being done, in words.
        done: Photos done in this step, or MB (10⁶ bytes) where the step says so.
        total: Photos or MB in this step; 0 if not known.
        error: Why it ended badly, as a sentence; empty otherwise.
        over: Whether it has ended.
        cancelled: Whether somebody ended it.
    """

    dataset: str
    step: str = "Starting"
    done: int = 0
    total: int = 0
    error: str = ""
    over: bool = False
    cancelled: bool = False


class Gatherer:
    """Starts and watches processes that gather data sets.

    Args:
        home: Where the photos go.
        settings: Size of the garden, niceness.
    """

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._states: dict[str, Gathering] = {}
        self._processes: dict[str, TrainerProcess] = {}
        self._guard = threading.Lock()

    def state(self, dataset: str) -> Gathering | None:
        """Returns how far a data set is; None if nobody asked for it since the lab was opened."""
        return self._states.get(dataset)

    def start(self, dataset: str, features: Sequence[Job] = ()) -> Gathering:
        """Begins to gather a data set, unless that is under way.

        Args:
            dataset: Its name.
            features: Jobs whose frozen features are computed behind it and kept; nothing is trained.
        """
        with self._guard:
            state = self._states.get(dataset)
            if state is not None and not state.over:
                return state
            state = self._states[dataset] = Gathering(dataset)
            process = self._processes[dataset] = TrainerProcess("gather", self._settings, self._home.log("gather"))
        process.send(
            {
                "dataset": dataset,
                "home": str(self._home.root),
                "garden": asdict(garden_of(self._settings)),
                "features": [job.model_dump(mode="json") for job in features],
            }
        )
        threading.Thread(target=self._listen, args=(process, state), daemon=True, name=f"gather-{dataset}").start()
        return state

    def cancel(self, dataset: str) -> None:
        """Ends a gathering; what was half made vanishes, but not what was downloaded."""
        process, state = self._processes.get(dataset), self._states.get(dataset)
        if process is not None and state is not None:
            state.cancelled = not state.over
            process.kill()

    def close(self) -> None:
        """Ends all of them."""
        for process in list(self._processes.values()):
            process.kill()

    def _listen(self, process: TrainerProcess, state: Gathering) -> None:
        while (message := process.messages.get()) is not None:
            if message["kind"] == "progress":
                state.step, state.done, state.total = message["step"], message["done"], message["total"]
            elif message["kind"] == "error":
                state.error, state.over = message["message"], True
            elif message["kind"] == "done":
                state.over = True
        if not state.over:
            entry = DATASETS.get(state.dataset)
            rest = "what was downloaded is kept for the next try" if entry and entry.archive else "nothing was kept"
            how = "was cancelled" if state.cancelled else f"ended by itself ({process.how_it_ended()})"
            state.error, state.over = f"It {how} before it was whole; {rest}.", True
        process.leave()
