"""A clock that is set back: nothing is lost, in another order, or takes less than no time."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.disk.retention import Rule, due_now
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import attempt_folders, left_behind
from flowerlab.runs.events import Batch, Preparing, Start
from flowerlab.runs.history import History
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.tasks.refreshed import Refreshed
from tests.support.checkpoints import leave_checkpoint
from tests.support.events import RESULT, START
from tests.support.stores import say, train
from tests.support.waiting import until


@pytest.fixture
def backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes back a day at every look."""
    days = itertools.count()
    monkeypatch.setattr(time, "time", lambda: 1.8e9 - 86_400.0 * next(days))


@pytest.mark.usefixtures("backwards")
def test_runs_keep_their_order(home: Home) -> None:
    """Lists and the queue follow the order in which runs were made and asked for, not the clock."""
    store = Store(home.store)
    runs = [store.add(Recipe(seed=seed), "run") for seed in range(4)]
    assert [run.created_s for run in runs] == sorted((run.created_s for run in runs), reverse=True)
    assert [run.number for run in store.all()] == [4, 3, 2, 1]
    assert [run.number for run in store.queued()] == [1, 2, 3, 4]
    say(store, runs[0].id, train(store, runs[0].id, epochs=1), "end", state="done", result=RESULT)
    store.go_on(runs[0].id, runs[0].recipe.changed(epochs=9))
    assert [run.number for run in store.queued()] == [2, 3, 4, 1]
    store.close()


@pytest.mark.usefixtures("backwards")
def test_no_run_ends_before_it_began(home: Home) -> None:
    """Made, begun, ended: each moment is the one before or later."""
    store = Store(home.store)
    trained, stopped = store.add(Recipe(), "run"), store.add(Recipe(seed=1), "run")
    say(store, trained.id, train(store, trained.id, epochs=1), "end", state="done", result=RESULT)
    store.request_stop(stopped.id)
    for run in (store.get(trained.id), store.get(stopped.id)):
        moments = [moment for moment in (run.created_s, run.started_s, run.ended_s) if moment is not None]
        assert len(moments) >= 2
        assert moments == sorted(moments)
    store.close()


@pytest.mark.usefixtures("backwards")
def test_the_last_to_end_keeps_its_checkpoints(home: Home, settings: Settings) -> None:
    """Where finished runs keep too much, those that ended first lose theirs, whatever the clock said then."""
    lab = Lab(settings.model_copy(update={"engine": "fake", "checkpoints_gb": 0.0}), run_queue=False)
    for seed in range(2):
        run = lab.store.add(Recipe(seed=seed), "run")
        attempt = train(lab.store, run.id, epochs=1)
        leave_checkpoint(lab.home.run(run.id) / f"attempt-{attempt}", epochs=1)
        say(lab.store, run.id, attempt, "end", state="done", result=RESULT)
    assert [run.number for run in lab.store.latest_ends()] == [2, 1]
    assert lab.store.get(run.id).ended_s < lab.store.latest_ends()[1].ended_s  # type: ignore[operator]
    lab.close()


@pytest.mark.usefixtures("backwards")
def test_the_first_to_end_is_cleaned_first(home: Home) -> None:
    """A rule that keeps so many bytes takes the run that ended first, also if the clock says that it ended last."""
    store = Store(home.store)
    runs = [store.add(Recipe(seed=seed), "run") for seed in range(2)]
    for run in runs:
        say(store, run.id, train(store, run.id, epochs=1), "end", state="done", result=RESULT)
        home.run(run.id).mkdir(exist_ok=True)
        (home.run(run.id) / "model.keras").write_bytes(b"x" * 10**6)
    assert (store.get(runs[0].id).ended_s or 0) > (store.get(runs[1].id).ended_s or 0)
    assert [one.run.id for one in due_now(home, store, Rule(keep_runs_gb=0.0015))] == [runs[0].id]
    store.close()


def test_the_disk_is_measured_again_by_no_clock_that_is_set(idle_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set back a day, the clock does not keep the Disk page from measuring again."""
    meter = Refreshed(idle_lab.disk.measure, fresh_s=0.0)
    meter.look()
    until(lambda: not meter.busy)
    first = meter.look()
    yesterday_s = time.time() - 86_400
    monkeypatch.setattr(time, "time", lambda: yesterday_s)
    until(lambda: not meter.busy)
    meter.look()
    until(lambda: not meter.busy)
    assert meter.look() is not first


def test_time_left_is_of_no_clock_that_is_set() -> None:
    """What is left is told from how fast things came while one looked: neither a jump of the clock nor a late look matters."""
    for jump in (-1e8, 0.0, 1e8):
        history = History()
        about = {"run_id": "a" * 12, "attempt": 1}
        # Said before anybody looked, and read at once.
        for done in (0, 10, 20):
            history.take(Preparing(**about, time_s=1e9, step="Resizing photos", done=done, total=100), now_s=50.0)
        assert history.seconds_left() is None
        history.take(Preparing(**about, time_s=1e9 + jump, step="Resizing photos", done=40, total=100), now_s=60.0)
        assert history.seconds_left() == pytest.approx(30.0)
        history.take(Start(**about, **START, time_s=1e9 + 2 * jump), now_s=61.0)
        assert history.seconds_left() is None
        for batch, now_s in ((1, 61.0), (3, 65.0)):
            history.take(Batch(**about, time_s=1e9 + jump * batch, epoch=0, batch=batch, loss=1, accuracy=0), now_s=now_s)
        # Two seconds a batch; five of eight are left.
        assert history.seconds_left() == pytest.approx(10.0)


@given(jumps=st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(0, 10)), min_size=1, max_size=20))
def test_time_left_is_never_negative(jumps: list[tuple[float, float]]) -> None:
    """Whatever the clock of the events does, what is left is none or more than nothing, and no longer than the pace makes it."""
    history, now_s = History(), 0.0
    for done, (time_s, passed_s) in enumerate(jumps):
        now_s += passed_s
        event = Preparing(run_id="a" * 12, attempt=1, time_s=2e9 + time_s, step="x", done=done, total=20)
        history.take(event, now_s=now_s)
        left = history.seconds_left()
        assert left is None or 0 <= left <= 20 * now_s


def test_the_newest_attempt_is_that_of_the_highest_number(home: Home) -> None:
    """Folders that look older than they are change nothing: what was left is told by epochs, attempts by their numbers."""
    import os

    folder = home.run("a" * 12)
    for attempt, epochs in ((1, 3), (2, 5)):
        leave_checkpoint(folder / f"attempt-{attempt}", epochs=epochs)
    os.utime(folder / "attempt-2", (0, 0))
    state = left_behind(folder)
    assert state is not None
    assert state.epochs_run == 5
    assert [path.name for path in attempt_folders(folder)] == ["attempt-2", "attempt-1"]
