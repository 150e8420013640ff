"""Who runs the queue, and in which order. Runs are scripted here (engine `fake`)."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable

import pytest

from flowerlab.engine.fake import FakeEngine
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.runs.run import RunState
from flowerlab.scheduler.scheduler import Scheduler
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support.recipes import QUICK
from tests.support.scheduling import LONG, OpenLab, begun, owner_of
from tests.support.waiting import until


def test_one_of_two_owns_the_queue(open_lab: OpenLab) -> None:
    """Of two labs on one home the first owns the queue, and trains the runs that the second asks for."""
    first = owner_of(open_lab())
    second = open_lab()
    run = second.queue.start(QUICK).run
    second.queue.wait([run.id], every_s=0.01)
    assert second.store.get(run.id).state is RunState.DONE
    assert first.owns_queue
    assert not second.owns_queue
    assert second.store.get(run.id).attempt == 1


def test_a_stop_from_the_other_lab_reaches_the_run(open_lab: OpenLab) -> None:
    """A run that one lab trains can be stopped from another."""
    first = owner_of(open_lab())
    second = open_lab()
    run = begun(first, LONG)
    until(lambda: len(second.store.history(run.id).epochs) > 0)
    second.queue.stop(run.id)
    second.queue.wait([run.id], every_s=0.01)
    ended = second.store.get(run.id)
    assert ended.state is RunState.STOPPED
    assert ended.result is not None


def test_the_next_takes_over_when_the_owner_closes(open_lab: OpenLab) -> None:
    """When the owner closes, the other lab takes the queue: the run under way goes on there as its next attempt, then the rest."""
    first = owner_of(open_lab())
    second = open_lab()
    under_way = begun(first, LONG.changed(epochs=30), "under way")
    waiting = [second.queue.start(QUICK.changed(seed=seed), name=f"waiting {seed}").run for seed in (1, 2)]
    first.close()
    second.queue.wait([under_way.id, *(run.id for run in waiting)], every_s=0.01)
    assert second.owns_queue
    assert [second.store.get(run.id).state for run in (under_way, *waiting)] == [RunState.DONE] * 3
    ended = second.store.get(under_way.id)
    assert (ended.attempt, ended.deaths) == (2, 0)
    assert len(second.store.history(under_way.id).epochs) == 30


def test_no_run_stays_under_way_without_an_owner(open_lab: OpenLab) -> None:
    """A closing owner has its run wait; a run whose owner was killed goes on with the next one, which counts the death."""
    lab = owner_of(open_lab())
    run = begun(lab, LONG)
    lab.close()
    store = Store(lab.home.store)
    waiting = store.get(run.id)
    assert (waiting.state, waiting.deaths) == (RunState.QUEUED, 0)
    store.delete(run.id)
    orphan = store.add(QUICK, "orphan")
    store.begin_attempt(orphan.id)
    after = owner_of(open_lab())
    after.queue.wait([orphan.id], every_s=0.01)
    ended = store.get(orphan.id)
    assert (ended.state, ended.attempt, ended.deaths) == (RunState.DONE, 2, 1)
    store.close()


def test_runs_are_trained_in_their_order(open_lab: OpenLab) -> None:
    """Runs begin one after the other, the oldest first."""
    lab = open_lab()
    runs = [lab.queue.start(QUICK.changed(seed=seed)).run for seed in range(3)]
    lab.queue.wait([run.id for run in runs], every_s=0.01)
    times = [(lab.store.get(run.id).started_s, lab.store.get(run.id).ended_s) for run in runs]
    flat = [moment for pair in times for moment in pair if moment is not None]
    assert len(flat) == 6
    assert flat == sorted(flat)


def test_a_lab_that_only_looks_never_owns(open_lab: OpenLab, settings: Settings) -> None:
    """A lab opened without the queue leaves it, even when nobody else is there."""
    looking = Lab(settings.model_copy(update={"engine": "fake"}), run_queue=False)
    run = looking.queue.start(QUICK).run
    time.sleep(0.1)
    assert not looking.owns_queue
    assert looking.store.get(run.id).state is RunState.QUEUED
    lab = open_lab()
    looking.queue.wait([run.id], every_s=0.01)
    assert lab.owns_queue
    looking.close()


def test_finishing_begins_nothing_new(open_lab: OpenLab) -> None:
    """Finishing what is under way waits for that run's end, and leaves waiting runs to whoever comes next."""
    lab = owner_of(open_lab())
    under_way = begun(lab, QUICK.changed(epochs=10), "under way")
    waiting = lab.queue.start(QUICK.changed(seed=1), name="waiting").run
    assert lab.scheduler is not None
    lab.scheduler.finish_under_way()
    assert lab.store.get(under_way.id).state is RunState.DONE
    time.sleep(0.1)
    assert lab.store.get(waiting.id).state is RunState.QUEUED
    lab.close()
    after = open_lab()
    after.queue.wait([waiting.id], every_s=0.01)
    assert after.store.get(waiting.id).state is RunState.DONE


def test_a_run_waits_for_the_one_that_it_starts_from(open_lab: OpenLab) -> None:
    """A run that goes on from a waiting one begins when that has its model."""
    lab = open_lab()
    source = lab.queue.start(QUICK, name="source").run
    run = lab.queue.start(QUICK.changed(start_from=source.id, seed=1), name="goes on").run
    lab.queue.wait([run.id], every_s=0.01)
    first, second = lab.store.get(source.id), lab.store.get(run.id)
    assert (first.state, second.state) == (RunState.DONE, RunState.DONE)
    assert first.ended_s is not None
    assert second.started_s is not None
    assert first.ended_s <= second.started_s


@pytest.mark.parametrize("end", ["stopped while it waited", "interrupted", "deleted"])
def test_a_run_whose_source_gets_no_model_fails(open_lab: OpenLab, end: str) -> None:
    """If the run that it starts from ends without a model, or goes, a run fails with a sentence and the queue goes on."""
    first = owner_of(open_lab())
    second = open_lab()
    blocking = begun(first, LONG, "blocking")
    source = first.queue.start(LONG.changed(seed=1), name="my source").run
    run = first.queue.start(LONG.changed(start_from=source.id, seed=2), name="goes on").run
    behind = first.queue.start(QUICK, name="behind").run
    if end.startswith("stopped"):
        first.queue.stop(source.id)
    else:
        # Flowerlab itself refuses the one, and takes three deaths for the other: somebody else has changed the file.
        change = "DELETE FROM runs" if end == "deleted" else "UPDATE runs SET state = 'interrupted'"
        with contextlib.closing(sqlite3.connect(first.home.store)) as other:
            other.execute(f"{change} WHERE id = ?", (source.id,))
            other.commit()
    first.queue.stop(blocking.id)
    first.queue.stop(blocking.id)
    second.queue.wait([run.id, behind.id], every_s=0.01)
    failed = second.store.get(run.id)
    assert failed.state is RunState.FAILED
    assert "has no model. Train that one first" in failed.message
    assert (source.id if end == "deleted" else "my source") in failed.message
    assert second.store.get(behind.id).state is RunState.DONE


def test_the_rule_is_kept_where_the_queue_is_run(monkeypatch: pytest.MonkeyPatch, settings: Settings, home: Home) -> None:
    """In time, again and again, only by the owner of the queue, also after an error; closed, no more."""
    monkeypatch.setattr("flowerlab.scheduler.scheduler.CLEAN_FIRST_AFTER_S", 0.001)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.CLEAN_EVERY_S", 0.001)
    done: list[str] = []

    def cleaning_by(name: str) -> Callable[[], None]:
        def clean() -> None:
            done.append(name)
            if len(done) == 1:
                raise FlowerlabError("once")

        return clean

    store = Store(home.store)
    owner = Scheduler(store, home, settings, lambda sink: FakeEngine(sink), clean=cleaning_by("owner"))
    until(lambda: owner.owns)
    beside = Scheduler(store, home, settings, lambda sink: FakeEngine(sink), clean=cleaning_by("beside"))
    until(lambda: len(done) > 2)
    beside.close()
    owner.close()
    time.sleep(0.05)
    count = len(done)
    time.sleep(0.05)
    assert len(done) == count
    assert set(done) == {"owner"}
    store.close()
