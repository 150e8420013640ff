"""One attempt at one run, in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from flowerlab.errors import RunFailed
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.trainer import callbacks
from flowerlab.trainer.attempt import run_job
from flowerlab.trainer.channel import StopRequested
from flowerlab.trainer.features import Computed, FrozenPart
from tests.support.attempts import begun_attempt

FROZEN = Recipe(architecture="mobilenet_v2_035", weights="none", unfreeze_from="none", image_size=32, epochs=2, head=())


def test_reported_answers_are_the_saved_models(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where kept features give other answers than the saved model by more than 0.002, the model's own are reported."""
    real = FrozenPart.features

    def spoilt(self: FrozenPart, *arguments: Any) -> Computed:
        found = real(self, *arguments)
        return Computed(np.asarray(found.features, dtype=np.float32) + 5.0, found.reused)

    monkeypatch.setattr(FrozenPart, "features", spoilt)
    channel, _ = begun_attempt(home, FROZEN)
    end = run_job(channel, home)
    assert end.result.model_difference > 0.002
    stored = load_predictions(home.run("run"))
    assert stored is not None
    model = keras.models.load_model(home.run("run") / "model.keras", safe_mode=True)
    prepared = next(home.prepared.glob("*/photos.npy"))
    direct = model.predict(np.load(prepared)[-len(stored["test_ids"]) :].astype(np.float32), verbose=0)
    np.testing.assert_allclose(direct, stored["test_probabilities"], atol=1e-5)


def test_a_validation_that_is_no_number_fails_with_advice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the last step of an epoch spoils the weights, the run fails and says that the learning rate is too large."""
    monkeypatch.setattr(
        callbacks, "predict", lambda model, inputs, positions, channel: np.full((len(positions), 5), np.nan, np.float32)
    )
    channel, said = begun_attempt(home, FROZEN.changed(learning_rate=0.5))
    with pytest.raises(RunFailed, match=r"Received: learning_rate=0\.5\. Try a tenth"):
        run_job(channel, home)
    assert "epoch" not in {json.loads(line)["kind"] for line in said.getvalue().splitlines()}


def test_stop_while_features_are_computed_leaves_nothing_behind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop in the middle of the pass through the frozen layers ends it at the next batch: no features, no epoch, no model."""
    channel, said = begun_attempt(home, FROZEN)
    real = channel.progress

    def press_stop(step: str, done: int, total: int) -> None:
        if step == "Computing features" and done:
            channel.wish_to_stop()
        real(step, done, total)

    monkeypatch.setattr(channel, "progress", press_stop)
    with pytest.raises(StopRequested):
        run_job(channel, home)
    assert not list(home.features.iterdir())
    assert not _model(home).exists()
    assert {json.loads(line)["kind"] for line in said.getvalue().splitlines()} == {"preparing"}


def test_stop_during_validation_keeps_the_epochs_before(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop while the second epoch is validated: that epoch does not count, the first one is tested and saved."""
    channel, said = begun_attempt(home, FROZEN.changed(epochs=5, patience=5))
    real, validations = callbacks.predict, []

    def press_stop(*arguments: Any) -> Any:
        validations.append(arguments)
        if len(validations) == 2:
            channel.wish_to_stop()
        return real(*arguments)

    monkeypatch.setattr(callbacks, "predict", press_stop)
    end = run_job(channel, home)
    assert (end.state, end.result.epochs_run) == ("stopped", 1)
    assert [json.loads(line)["kind"] for line in said.getvalue().splitlines()].count("epoch") == 1
    assert _model(home).exists()


def test_who_only_saves_defers_a_stop_to_its_test(home: Home) -> None:
    """Stop before the test of a finishing attempt skips the test and keeps the model; while it trains, Stop raises."""
    channel, _ = begun_attempt(home, FROZEN)
    channel.wish_to_stop()
    with pytest.raises(StopRequested):
        channel.progress("anything", 0, 1)
    channel.check()

    class Cut(Exception):
        pass

    def cut(*_: Any) -> None:
        raise Cut

    # A first attempt leaves its best epoch behind when it is cut down before it has saved its model.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flowerlab.trainer.attempt.save_model", cut)
        with pytest.raises(Cut):
            run_job(channel, home)
    assert not (home.run("run") / "model.keras").exists()
    finishing, said = begun_attempt(home, FROZEN, task="finish")
    finishing.wish_to_stop()
    end = run_job(finishing, home)
    assert (end.state, end.result.test_accuracy) == ("stopped", None)
    assert "The test was skipped" in end.message
    assert _model(home).exists()
    assert "evaluating" in {json.loads(line)["kind"] for line in said.getvalue().splitlines()}
    assert end.result.epochs_run == 2


def _model(home: Home) -> Path:
    return home.run("run") / "model.keras"
