"""Ctrl-C, and runs of others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowerlab.cli import running
from flowerlab.engine.fake import FakeEngine
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from tests.support import ROOT
from tests.support.command_line import Call, all_runs


def watch_newest(reached: Callable[[Run, Lab], bool], then: Callable[[], None] = lambda: None) -> threading.Thread:
    """Looks at the newest run from another thread, and does something as soon as it has come so far."""

    def wait() -> None:
        lab = Lab(run_queue=False)
        try:
            due_s = time.monotonic() + 30
            while time.monotonic() < due_s and not any(reached(run, lab) for run in lab.store.all()[:1]):
                time.sleep(0.02)
        finally:
            lab.close()
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def press_when(reached: Callable[[Run, Lab], bool], *, times: int = 1) -> threading.Thread:
    """Sends this process Ctrl-C as soon as the newest run has come so far."""

    def press() -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)

    return watch_newest(reached, press)


def test_ctrl_c_stops_the_run_and_reports_it(call: Call) -> None:
    """One Ctrl-C ends training after the epochs so far, tests what is kept, and gives the stopped run with code 1."""
    thread = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1)
    outcome = call("train", "--epochs", "500", "--json")
    thread.join()
    assert outcome.code == 1
    record = outcome.json
    assert record["state"] == "stopped"
    assert 1 <= record["epochs_run"] < 500
    assert record["test_accuracy"] is not None
    assert "Stopping" in outcome.err


def test_a_second_ctrl_c_skips_the_test(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed again while the run is tested, Ctrl-C skips the test; the run keeps its model but no test accuracy."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.15)
    first = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1)
    second = press_when(lambda run, lab: lab.store.history(run.id).evaluating is not None)
    outcome = call("train", "--epochs", "500", "--json")
    first.join()
    second.join()
    assert outcome.code == 1
    assert (outcome.json["state"], outcome.json["test_accuracy"]) == ("stopped", None)
    assert outcome.json["val_accuracy"] is not None


def test_a_third_ctrl_c_leaves_at_once(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that does not obey is left to the next lab, to be saved there; the command ends with 1 and one JSON object."""
    monkeypatch.setattr(FakeEngine, "stop", lambda self, run_id: None)
    thread = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1, times=3)
    outcome = call("train", "--epochs", "500", "--json")
    thread.join()
    assert (outcome.code, outcome.json) == (1, {"error": "Interrupted."})
    assert all_runs()[0].state == "stopping"


def test_what_it_trains_for_others_is_finished(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that somebody queued meanwhile, and that this process then trains, is not cut off at its end."""
    queued: list[Run] = []
    watched = running.watch

    def watch_until_the_next_has_begun(lab: Lab, runs: list[Run], *, ours: list[str]) -> list[Run]:
        # The queue goes on a moment after a run's end; a command that is gone by then leaves the next run to others.
        found = watched(lab, runs, ours=ours)
        due_s = time.monotonic() + 20
        while not lab.store.live() and time.monotonic() < due_s:
            time.sleep(0.01)
        return found

    monkeypatch.setattr(running, "watch", watch_until_the_next_has_begun)

    def queue_another(run: Run, lab: Lab) -> bool:
        if not queued and lab.store.history(run.id).epochs:
            queued.append(lab.queue.start(Recipe.parse({"epochs": 20})).run)
        return bool(queued)

    thread = watch_newest(queue_another)
    mine = call("train", "--epochs", "5", "--json")
    thread.join()
    assert (mine.code, mine.json["epochs_run"]) == (0, 5)
    assert "waiting for it" in mine.err
    assert {run.id: run.state for run in all_runs()}[queued[0].id] == "done"


def test_ctrl_c_leaves_a_run_that_somebody_else_started(call: Call) -> None:
    """A run of another process goes on when the command that watches it is left."""
    app = Lab(run_queue=True)
    try:
        run = app.queue.start(Recipe.parse({"epochs": 500})).run
        thread = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1)
        outcome = call("train", "--epochs", "500", "--json")
        thread.join()
        assert (outcome.code, outcome.json["run_id"]) == (1, run.id)
        assert app.store.get(run.id).state == "training"
        assert app.store.get(run.id).stop_requests == 0
    finally:
        app.close()


def test_ctrl_c_reaches_the_command_in_a_shell(tmp_path: Path) -> None:
    """`python -m flowerlab train` as a process of its own: Ctrl-C gives one JSON object, code 1, and no stack trace."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flowerlab", "train", "--epochs", "500", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    try:
        said = ""
        while "epoch 1 of 500" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert json.loads(out)["state"] == "stopped"
    assert "Traceback" not in said + err
