"""Trainers and labs that are killed or frozen for real."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowerlab.engine.process import TrainerProcess, first_words
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from tests.support.attempts import CACHED, PLAIN
from tests.support.engines import job_of
from tools.checks.kill_app import RECIPES, kill_at_random


def longer(recipe: Recipe, epochs: int = 12) -> Recipe:
    """A recipe whose epochs can be met in the middle."""
    return recipe.changed(epochs=epochs, patience=epochs, batch_size=2)


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    """A lab with a real trainer."""
    opened = Lab(settings)
    yield opened
    opened.close()


@pytest.mark.nightly
@pytest.mark.parametrize("way", [PLAIN, CACHED], ids=["plain", "cached"])
def test_a_killed_trainer_costs_nothing(lab: Lab, way: Recipe) -> None:
    """Killed with signal 9 in the middle, a run goes on by itself and has the curve and the answers of an undisturbed one."""
    whole, run = (lab.queue.start(longer(way), name=name, again=True).run for name in ("whole", "killed"))
    killed: list[int] = []

    def kill() -> None:
        history = lab.store.history(run.id)
        if not killed and history.attempt is not None and len(history.epochs) >= 3 and history.batches:
            killed.append(history.attempt.pid)
            os.kill(history.attempt.pid, signal.SIGKILL)

    lab.queue.wait([whole.id, run.id], watch=kill, every_s=0.02)
    whole, run = lab.store.get(whole.id), lab.store.get(run.id)
    assert (whole.state, run.state) == (RunState.DONE, RunState.DONE)
    assert (whole.attempt, run.attempt, run.deaths, len(killed)) == (1, 2, 1, 1)
    curves = [
        [(epoch.loss, epoch.val_loss) for _, epoch in sorted(lab.store.history(one.id).epochs.items())] for one in (whole, run)
    ]
    assert len(curves[0]) == len(curves[1]) == 12
    np.testing.assert_allclose(curves[1], curves[0], rtol=1e-4, atol=1e-5)
    assert run.result is not None
    assert whole.result is not None
    assert run.result.confusion_matrix == whole.result.confusion_matrix
    assert run.result.timing is None


def said(trainer: TrainerProcess, kind: str) -> dict[str, Any]:
    """Waits until a trainer says something of this kind."""
    while (message := trainer.messages.get(timeout=120)) is not None:
        if message["kind"] == kind:
            return message
    raise AssertionError(f"The trainer left without a word of {kind!r}.")


def contents(folder: Path) -> dict[str, bytes]:
    """All files of a folder but the log."""
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "log.txt"
    }


def test_a_trainer_that_was_frozen_cannot_write_into_a_run_that_moved_on(home: Home, settings: Settings) -> None:
    """Thawed behind the attempt that took over, the old trainer fails at its next checkpoint; no file of the run changes."""
    old, new = (TrainerProcess("train", settings, home.root / f"{name}.log") for name in ("old", "new"))
    try:
        for trainer, attempt, recipe in ((old, 1, longer(PLAIN, 500)), (new, 2, longer(PLAIN))):
            trainer.send(first_words(home, settings))
            trainer.send({"do": "run", "job": job_of("run", recipe, attempt=attempt).model_dump(mode="json")})
            if trainer is old:
                said(old, "saved")
                os.kill(old.pid, signal.SIGSTOP)
        assert said(new, "start")["first_epoch"] >= 1
        assert said(new, "end")["state"] == "done"
        before = contents(home.run("run"))
        assert {"model.keras", "recipe.json", "predictions.npz"} <= set(before)
        os.kill(old.pid, signal.SIGCONT)
        end = said(old, "end")
        assert (end["state"], "FileNotFoundError" in end["message"]) == ("failed", True)
        assert contents(home.run("run")) == before
        state = left_behind(home.run("run"))
        assert state is not None
        assert state.epochs_run == 12
    finally:
        for trainer in (old, new):
            trainer.kill()


def test_a_lab_that_is_killed_again_and_again_loses_nothing(tmp_path: Path) -> None:
    """It leaves no process and no half file, and each run that was killed has in the end the unbroken curve of an undisturbed one."""
    tally = kill_at_random(tmp_path / "home", moments=3, seed=2, recipes=RECIPES[:1])
    assert tally.compared >= 1
