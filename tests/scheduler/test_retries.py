"""Runs whose trainer died, was killed or frozen."""

from __future__ import annotations

import os
import signal
import time

import pytest

from flowerlab.engine import Sink
from flowerlab.engine.fake import FakeEngine
from flowerlab.engine.process import TrainerProcess
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.runs.events import from_record
from flowerlab.runs.run import RunState
from flowerlab.scheduler.scheduler import LOOK_S
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support.checkpoints import leave_checkpoint
from tests.support.events import RESULT, START
from tests.support.recipes import QUICK
from tests.support.scheduling import LONG, Kept, OpenLab, owner_of
from tests.support.waiting import until


def test_a_stopped_run_whose_trainer_is_killed_is_finished(kept: tuple[Lab, Kept]) -> None:
    """Killed while it trained, a stopped run with a whole epoch is tested and saved; killed in that, it is only saved."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    leave_checkpoint(lab.home.run(run_id) / "attempt-1", epochs=3)
    lab.queue.stop(run_id)
    engine.killed()
    assert [job.task for job in engine.jobs] == ["train", "finish"]
    assert lab.store.get(run_id).state is RunState.STOPPING
    engine.killed()
    assert [job.task for job in engine.jobs] == ["train", "finish", "save"]
    assert [job.attempt for job in engine.jobs] == [1, 2, 3]
    engine.killed()
    ended = lab.store.get(run_id)
    assert (len(engine.jobs), ended.state) == (3, RunState.STOPPED)
    assert "could not be saved" in ended.message


def test_a_test_that_is_skipped_the_hard_way_costs_no_model(kept: tuple[Lab, Kept]) -> None:
    """Killed in a test that was to be skipped, a run is saved without one."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    leave_checkpoint(lab.home.run(run_id) / "attempt-1", epochs=3)
    engine.say("evaluating", done=0, total=9)
    lab.queue.stop(run_id)
    engine.killed()
    assert [job.task for job in engine.jobs] == ["train", "save"]
    assert not lab.store.get(run_id).state.over


def test_a_stopped_run_without_a_whole_epoch_ends(kept: tuple[Lab, Kept]) -> None:
    """Killed before the first whole epoch, a stopped run is over, and says that there is no model."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    lab.queue.stop(run_id)
    engine.killed()
    ended = lab.store.get(run_id)
    assert (len(engine.jobs), ended.state) == (1, RunState.STOPPED)
    assert "before the first whole epoch" in ended.message


def test_a_run_whose_trainer_dies_goes_on_twice(kept: tuple[Lab, Kept]) -> None:
    """Its trainer dead, a run gets a new attempt, twice; the third death interrupts it, and it says where it can go on."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    engine.killed()
    until(lambda: len(engine.jobs) == 2)
    assert "It goes on from the start" in lab.store.get(run_id).message
    leave_checkpoint(lab.home.run(run_id) / "attempt-2", epochs=3)
    engine.killed()
    until(lambda: len(engine.jobs) == 3)
    assert "signal 9 in the middle of the run. It goes on from epoch 4" in lab.store.get(run_id).message
    engine.killed()
    ended = lab.store.get(run_id)
    assert (ended.state, ended.deaths) == (RunState.INTERRUPTED, 2)
    assert "It can go on from epoch 4" in ended.message
    time.sleep(0.1)
    assert [(job.task, job.attempt) for job in engine.jobs] == [("train", 1), ("train", 2), ("train", 3)]


def test_what_a_dead_attempt_says_late_is_refused(kept: tuple[Lab, Kept]) -> None:
    """Between the death of a trainer and the next attempt, and after, nothing that the old one says is taken."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    late = from_record({"run_id": run_id, "attempt": 1, "kind": "end", "state": "done", "result": RESULT})
    with lab.queue.batch():
        engine.killed()
        assert lab.store.get(run_id).state is RunState.QUEUED
        engine.sink(late)
        assert lab.store.get(run_id).state is RunState.QUEUED
    until(lambda: len(engine.jobs) == 2)
    engine.sink(late)
    # The owner looks several times at what it has under way.
    time.sleep(3 * LOOK_S)
    assert lab.store.get(run_id).state is RunState.PREPARING
    assert len(engine.jobs) == 2


def test_a_run_that_waits_to_go_on_is_saved_when_it_is_stopped(kept: tuple[Lab, Kept]) -> None:
    """Stop while a run waits for its next attempt tests and saves what the one before left, and trains no more."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    leave_checkpoint(lab.home.run(run_id) / "attempt-1", epochs=3)
    with lab.queue.batch():
        engine.killed()
        assert lab.queue.stop(run_id) is RunState.STOPPING
    until(lambda: len(engine.jobs) == 2)
    assert [job.task for job in engine.jobs] == ["train", "finish"]


def test_a_run_that_was_stopping_when_the_lab_was_killed_is_finished(
    open_lab: OpenLab, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next owner has what a stopping run had learnt tested and saved, without sending it the old Stop again."""
    made: list[Kept] = []
    monkeypatch.setattr(Lab, "_make_engine", lambda lab, sink: made.append(Kept(sink)) or made[-1])
    home = Home(settings.home).create()
    store = Store(home.store)
    run, bare = store.add(LONG, "run"), store.add(LONG, "bare")
    for one in (run, bare):
        store.begin_attempt(one.id)
        store.request_stop(one.id)
    leave_checkpoint(home.run(run.id) / "attempt-1", epochs=2)
    owner_of(open_lab())
    until(lambda: sum(len(engine.jobs) for engine in made) == 1)
    until(lambda: store.get(bare.id).state.over)
    (job,) = [job for engine in made for job in engine.jobs]
    assert (job.run_id, job.task, job.attempt) == (run.id, "finish", 2)
    assert "before the first whole epoch" in store.get(bare.id).message
    store.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows freezes no process")
@pytest.mark.parametrize(("said", "ended"), [("preparing", True), ("start", False)])
def test_what_was_frozen_while_it_prepared_does_not_hold_up_the_next(
    open_lab: OpenLab, settings: Settings, monkeypatch: pytest.MonkeyPatch, said: str, *, ended: bool
) -> None:
    """A trainer that a killed owner left, frozen before its training, may hold the locks that the next attempt waits for: it is ended."""
    made: list[Kept] = []
    monkeypatch.setattr(Lab, "_make_engine", lambda lab, sink: made.append(Kept(sink)) or made[-1])
    home = Home(settings.home).create()
    old = TrainerProcess("train", settings, home.log("old"))
    os.kill(old.pid, signal.SIGSTOP)
    try:
        store = Store(home.store)
        run = store.add(LONG, "run")
        attempt = store.begin_attempt(run.id)
        about = {"run_id": run.id, "attempt": attempt}
        store.append(from_record({**about, "kind": "attempt", "pid": old.pid, "warm": False}))
        if said == "start":
            store.append(from_record({**about, "kind": "start", **START}))
        owner_of(open_lab())
        until(lambda: sum(len(engine.jobs) for engine in made) == 1)
        assert old.alive is not ended
        store.close()
    finally:
        old.kill()


def test_a_take_over_that_fails_is_tried_again(
    open_lab: OpenLab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the engine cannot be made at first, the same process takes the queue at the next beat."""
    refusals = [OSError(24, "Too many open files")] * 3

    def make(lab: Lab, sink: Sink) -> FakeEngine:
        if refusals:
            raise refusals.pop()
        return FakeEngine(sink)

    monkeypatch.setattr(Lab, "_make_engine", make)
    lab = owner_of(open_lab())
    assert refusals == []
    assert "Too many open files" in caplog.text
    run = lab.queue.start(QUICK).run
    lab.queue.wait([run.id], every_s=0.01)
    assert lab.store.get(run.id).state is RunState.DONE


def test_taking_over_sweeps_what_killed_processes_left(open_lab: OpenLab, settings: Settings) -> None:
    """Half-written folders and files of a day ago go when a lab takes the queue; fresh ones may still be written."""
    home = Home(settings.home).create()
    left = [home.prepared / ".key.x1.part", home.features / ".key.x2.part", home.weights / ".w.h5.part"]
    fresh = home.originals / ".garden.x3.part"
    for path in (*left[:2], fresh):
        path.mkdir()
        (path / "photos.npy").write_bytes(b"half")
    left[2].write_bytes(b"half")
    for path in left:
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    owner_of(open_lab())
    assert not [path for path in left if path.exists()]
    assert fresh.exists()
