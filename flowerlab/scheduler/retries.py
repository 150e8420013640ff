"""What happens to a run whose trainer died: it continues after its last whole epoch, twice; then it is left interrupted."""

from __future__ import annotations

import logging

from flowerlab.engine import Engine, JobTask
from flowerlab.home import Home
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.events import Attempt, End, Start
from flowerlab.runs.run import Run, RunState
from flowerlab.store import Store

# So often a run whose trainer died is started again by itself.
MOST_RESTARTS = 2
LOG = logging.getLogger(__name__)


def take_over(engine: Engine, store: Store, home: Home) -> None:
    """Has the runs of a lab that was killed continue. A lab that closes leaves none under way."""
    for run in store.live():
        _end_what_prepares(engine, store, run)
        retry(store, home, run, "The lab was killed while this run was under way.")


def retry(store: Store, home: Home, run: Run, what_happened: str) -> None:
    """Has a live run whose trainer died wait for another attempt; ends it if that has happened too often."""
    left = left_behind(home.run(run.id))
    where = f"from epoch {left.epochs_run + 1}" if left else "from the start"
    if run.deaths < MOST_RESTARTS or run.stop_requests:
        store.requeue(run.id, f"{what_happened} It goes on {where}.", died=True)
        return
    message = f"{what_happened} That was the third time, so it was not started again. It can go on {where}."
    store.append(End(run_id=run.id, attempt=run.attempt, state="interrupted", message=message))


def give_back(store: Store) -> None:
    """Has the runs under way of a lab that closes wait for the next one."""
    for run in store.live():
        store.requeue(run.id, "The lab was closed while this run was under way; it goes on.", died=False)


def task_to_finish(home: Home, run: Run, before: JobTask) -> JobTask | None:
    """Returns what a run that was to stop, and has no trainer any more, still needs; None if nothing of it can become a model.

    Killed in the test, or again, the next attempt only saves.
    """
    if before == "save" or left_behind(home.run(run.id)) is None:
        return None
    return "save" if run.state is RunState.EVALUATING or before == "finish" else "finish"


def end_without_model(store: Store, home: Home, run: Run, before: JobTask) -> None:
    """Ends a run that was to stop and of which nothing can become a model."""
    message = "Stopped before the first whole epoch: there is no model."
    if before == "save":
        message = f"Stopped, and its model could not be saved. What it learnt lies in {home.run(run.id)}."
    store.append(End(run_id=run.id, attempt=run.attempt, state="stopped", message=message))


def _end_what_prepares(engine: Engine, store: Store, run: Run) -> None:
    """Ends a run's trainer if it was left behind while it made photos or features ready: the next attempt waits for its locks."""
    said = [event for _, event in store.events(run.id) if event.attempt == run.attempt]
    taken = next((event for event in said if isinstance(event, Attempt)), None)
    prepares = not any(isinstance(event, Start) for event in said)
    if taken is not None and prepares and engine.end_left_over(taken):
        LOG.warning("The trainer %d of run %s was left behind, and is ended.", taken.pid, run.id)
