"""What every engine must do, asked of each."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from flowerlab.engine import Engine, Job
from flowerlab.engine.fake import FakeEngine
from flowerlab.engine.registry import ENGINES
from flowerlab.home import Home
from flowerlab.settings import Settings
from tests.support.engines import Said
from tests.support.recipes import QUICK, SLOW


@pytest.fixture(params=ENGINES)
def engine(
    request: pytest.FixtureRequest, said: Said, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """One engine after another."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.02)
    made = ENGINES[request.param](said.take, home, settings)
    yield made
    made.close()


def test_jobs_end_in_order_each_with_one_end(engine: Engine, said: Said, job: Callable[..., Job]) -> None:
    """Submit returns at once; each job says `attempt` first and one `end` last, in the order of submission."""
    began = time.monotonic()
    engine.submit(job("first"))
    engine.submit(job("second"))
    assert time.monotonic() - began < 0.5
    assert engine.slots() == (1, 1)
    assert said.wait_for("second", "end").state == "done"
    for run_id in ("first", "second"):
        kinds = said.kinds(run_id)
        assert (kinds[0], kinds[-1], kinds.count("end"), kinds.count("epoch")) == ("attempt", "end", 1, 1)
    assert {event.attempt for event in said.events} == {3}
    order = [event.run_id for event in said.events]
    assert order == sorted(order)


def test_another_attempt_goes_on_behind_the_last_whole_epoch(engine: Engine, said: Said, job: Callable[..., Job]) -> None:
    """It says where it begins, says the epochs before once more, and trains only the rest."""
    engine.submit(job("run", QUICK.changed(epochs=2)))
    said.wait_for("run", "end")
    before = [event.loss for event in said.events if event.kind == "epoch"]
    said.events.clear()
    engine.submit(job("run", QUICK.changed(epochs=3), attempt=4))
    assert said.wait_for("run", "end").state == "done"
    assert said.wait_for("run", "start").first_epoch == 2
    epochs = [event for event in said.events if event.kind == "epoch"]
    assert [event.epoch for event in epochs] == [0, 1, 2]
    assert [event.loss for event in epochs[:2]] == before
    assert {event.epoch for event in said.events if event.kind == "batch"} <= {2}
    assert said.wait_for("run", "end").result.epochs_run == 3


def test_a_running_job_stops_within_two_seconds(engine: Engine, said: Said, job: Callable[..., Job]) -> None:
    """Stop ends training within 2 s, keeps what whole epochs made, tests it, and may be asked for twice."""
    engine.submit(job("slow", SLOW))
    said.wait_for("slow", "epoch")
    began = time.monotonic()
    engine.stop("slow")
    said.wait_for("slow", "evaluating", timeout_s=2)
    assert time.monotonic() - began < 2
    end = said.wait_for("slow", "end")
    assert (end.state, end.result is not None) == ("stopped", True)
    engine.stop("slow")


def test_a_waiting_job_stops_before_it_begins(engine: Engine, said: Said, job: Callable[..., Job]) -> None:
    """A stopped waiting job says only its end; the one before it goes on."""
    engine.submit(job("first", SLOW))
    engine.submit(job("waiting"))
    engine.stop("waiting")
    engine.stop("nobody")
    assert said.wait_for("waiting", "end", timeout_s=5).state == "stopped"
    assert said.kinds("waiting") == ["end"]
    said.wait_for("first", "batch")


def test_a_waiting_job_that_only_saves_is_not_lost_by_stop(engine: Engine, said: Said, job: Callable[..., Job]) -> None:
    """Stop while the best epoch of an earlier attempt waits to be tested and saved: it is saved without the test."""
    engine.submit(job("left", QUICK.changed(epochs=2)))
    said.wait_for("left", "end")
    said.events.clear()
    engine.submit(job("first", SLOW))
    engine.submit(job("left", QUICK.changed(epochs=2), task="finish", attempt=4))
    engine.stop("left")
    said.wait_for("first", "epoch")
    engine.stop("first")
    end = said.wait_for("left", "end")
    assert (end.state, end.attempt) == ("stopped", 4)
    assert (end.result.epochs_run, end.result.test_accuracy) == (2, None)


def test_what_has_left_already_is_not_left_over(engine: Engine, said: Said, job: Callable[..., Job]) -> None:
    """A trainer that is gone, or a process that has its pid by chance, is none that an owner left behind: nothing is ended."""
    engine.submit(job("run"))
    taken = said.wait_for("run", "attempt")
    said.wait_for("run", "end")
    engine.close()
    assert not engine.end_left_over(taken)
    assert not engine.end_left_over(taken.model_copy(update={"pid": os.getpid()}))


def test_close_ends_everything(engine: Engine, said: Said, job: Callable[..., Job]) -> None:
    """After close nothing is said any more, and no process is left behind."""
    engine.submit(job("slow", SLOW))
    pid = said.wait_for("slow", "attempt").pid
    engine.close()
    count = len(said.events)
    time.sleep(0.5)
    assert len(said.events) == count
    assert pid == 0 or not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
