"""The local engine: what happens to its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from flowerlab.engine import Job
from flowerlab.engine.local import LocalEngine
from flowerlab.home import Home
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.events import Event
from flowerlab.runs.predictions import load_predictions
from flowerlab.settings import Settings
from tests.support.engines import Said
from tests.support.recipes import QUICK, SLOW


def test_a_killed_trainer_is_told_and_replaced(said: Said, home: Home, settings: Settings, job: Callable[..., Job]) -> None:
    """A trainer killed from outside ends its run as interrupted, with the signal named; the next run gets a new one."""
    engine = LocalEngine(said.take, home, settings)
    try:
        engine.submit(job("victim", SLOW))
        pid = said.wait_for("victim", "attempt").pid
        said.wait_for("victim", "epoch")
        os.kill(pid, signal.SIGKILL)
        end = said.wait_for("victim", "end", timeout_s=10)
        assert end.state == "interrupted"
        assert "signal 9" in end.message
        engine.submit(job("next"))
        assert said.wait_for("next", "end").state == "done"
        assert said.wait_for("next", "attempt").pid != pid
    finally:
        engine.close()


def test_a_trainer_that_does_not_obey_is_killed(said: Said, home: Home, settings: Settings, job: Callable[..., Job]) -> None:
    """A frozen trainer is killed after the grace."""
    engine = LocalEngine(said.take, home, settings.model_copy(update={"stop_grace_s": 1.0}))
    try:
        engine.submit(job("frozen", SLOW))
        pid = said.wait_for("frozen", "attempt").pid
        said.wait_for("frozen", "batch")
        os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        engine.stop("frozen")
        assert said.wait_for("frozen", "end", timeout_s=10).state == "interrupted"
        assert 0.9 < time.monotonic() - began < 4
        assert not psutil.pid_exists(pid)
    finally:
        engine.close()


def test_a_failed_run_says_why_and_retires_its_trainer(said: Said, home: Home, settings: Settings, job: Callable[..., Job]) -> None:
    """An unknown folder of photos ends the run with a sentence; the trainer is replaced."""
    engine = LocalEngine(said.take, home, settings)
    try:
        engine.submit(job("lost", QUICK.changed(dataset="folder:gone")))
        end = said.wait_for("lost", "end")
        assert (end.state, "Import the folder" in end.message) == ("failed", True)
        engine.submit(job("next"))
        assert said.wait_for("next", "attempt").pid != said.wait_for("lost", "attempt").pid
    finally:
        engine.close()


@pytest.mark.parametrize(("free_gb", "started"), [(3.9, False), (4.5, True)])
def test_no_trainer_waits_where_memory_is_scarce(
    said: Said, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch, free_gb: float, *, started: bool
) -> None:
    """A warm spare is started ahead of any run where more than 4 GB are free, and nowhere else."""
    spares = []
    monkeypatch.setattr("flowerlab.engine.local.SPARE_AFTER_S", 0.01)
    monkeypatch.setattr("flowerlab.engine.local.free_bytes", lambda: free_gb * 1e9)
    monkeypatch.setattr(LocalEngine, "_have_trainer", lambda engine: spares.append(engine))
    engine = LocalEngine(said.take, home, settings.model_copy(update={"warm_spare": True}))
    try:
        deadline = time.monotonic() + (5 if started else 0.5)
        while not spares and time.monotonic() < deadline:
            time.sleep(0.01)
        assert bool(spares) is started
    finally:
        engine.close()


@pytest.mark.nightly
def test_warm_equals_cold_to_the_bit(said: Said, home: Home, settings: Settings, job: Callable[..., Job]) -> None:
    """The same recipe gives the same probabilities in a fresh trainer and in one that has trained others before."""
    recipe = QUICK.changed(epochs=2, dropout=0.3, augment="flip", seed=5)
    engine = LocalEngine(said.take, home, settings)
    try:
        for run_id in ("cold", "between", "warm"):
            engine.submit(
                job(run_id, recipe if run_id != "between" else QUICK.changed(architecture="mobilenet_v2_035", weights="none"))
            )
        assert said.wait_for("warm", "end").state == "done"
        assert [said.wait_for(run_id, "attempt").warm for run_id in ("between", "warm")] == [True, True]
        assert len({said.wait_for(run_id, "attempt").pid for run_id in ("cold", "between", "warm")}) == 1
    finally:
        engine.close()
    cold, warm = (load_predictions(home.run(run_id)) for run_id in ("cold", "warm"))
    assert cold is not None
    assert warm is not None
    for name in ("test_probabilities", "val_probabilities"):
        np.testing.assert_array_equal(cold[name], warm[name])


@pytest.mark.parametrize("wait", ["trainer.ready.wait(60)", "pass"], ids=["ready", "still loading"])
def test_a_trainer_leaves_when_its_owner_goes(tmp_path: Path, wait: str) -> None:
    """When the process that started it is killed, the trainer leaves, also before TensorFlow is loaded: no orphan."""
    script = tmp_path / "owner.py"
    script.write_text(
        "import sys, time\n"
        "from flowerlab.engine.process import TrainerProcess\n"
        "from flowerlab.settings import Settings\n"
        "from pathlib import Path\n"
        "trainer = TrainerProcess('train', Settings(), Path(sys.argv[1]))\n"
        f"{wait}\n"
        "print(trainer.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    root = str(Path(__file__).parents[2])
    owner = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "log")], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    )
    assert owner.stdout is not None
    with owner.stdout:
        pid = int(owner.stdout.readline())
        owner.kill()
        owner.wait()
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.1)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.nightly
def test_an_error_of_the_lab_ends_one_run_and_not_the_engine(
    said: Said, home: Home, settings: Settings, job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If events cannot be taken, or are none, the run fails with a sentence; the next one gets a trainer."""
    monkeypatch.setattr("flowerlab.engine.local.AGAIN_S", 0.01)
    broken = {"full": 5, "mute": 10**6}

    def sink(event: Event) -> None:
        if event.run_id in broken and event.kind in ("attempt", "end") and broken[event.run_id] > 0:
            broken[event.run_id] -= 1
            if not (event.run_id == "mute" and event.kind == "end"):
                raise OSError(28, "No space left on device")
        said.take(event)

    engine = LocalEngine(sink, home, settings)
    try:
        for run_id in ("full", "mute", "well"):
            engine.submit(job(run_id))
        # Five refusals: three of `attempt`, two of the end, which is tried until it is taken.
        for run_id in ("full", "mute"):
            end = said.wait_for(run_id, "end")
            assert end.state == "failed"
            assert "The disk is full" in end.message
            assert said.kinds(run_id) == ["end"]
        assert said.wait_for("well", "end").state == "done"
    finally:
        engine.close()


@pytest.mark.nightly
def test_only_saving_keeps_the_best_epoch_without_a_test(
    said: Said, home: Home, settings: Settings, job: Callable[..., Job]
) -> None:
    """What a killed trainer left behind is saved as a model that classifies, untested, even if Stop is pressed at once."""
    engine = LocalEngine(said.take, home, settings)
    try:
        engine.submit(job("killed", SLOW))
        pid = said.wait_for("killed", "attempt").pid
        said.wait_for("killed", "saved")
        os.kill(pid, signal.SIGKILL)
        said.wait_for("killed", "end")
        said.events.clear()
        left = left_behind(home.run("killed"))
        assert left is not None
        again = job("killed", SLOW, task="save", attempt=4)
        engine.submit(again)
        engine.stop("killed")
        said.wait_for("killed", "attempt")
        engine.stop("killed")
        end = said.wait_for("killed", "end")
    finally:
        engine.close()
    assert end.state == "stopped"
    assert end.result is not None
    assert (end.result.test_accuracy, end.result.confusion_matrix) == (None, None)
    assert (end.result.best_epoch, end.result.val_accuracy) == (left.best_epoch, left.val_accuracy)
    assert (home.run("killed") / "model.keras").exists()
