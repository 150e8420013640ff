"""A run that was cut down goes on behind its last whole epoch, and ends as one that was not."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowerlab.datasets.garden import Garden
from flowerlab.errors import RunFailed
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.checkpoints import read_checkpoint
from flowerlab.runs.predictions import load_predictions
from flowerlab.trainer import callbacks, preparation
from flowerlab.trainer import checkpoint_writer as checkpoint
from flowerlab.trainer.attempt import run_job
from flowerlab.trainer.callbacks import EpochReporter
from flowerlab.trainer.channel import Channel, Lines
from flowerlab.trainer.networks import build, random_states
from flowerlab.trainer.preparation import POOL
from tests.support.attempts import CACHED, PLAIN
from tests.support.checkpoints import state_of
from tests.support.engines import job_of

# Its blocks drop out, too; frozen, they do not.
WITH_DROPOUT_INSIDE = Recipe(
    architecture="efficientnet_v2_b0",
    weights="none",
    unfreeze_from="none",
    image_size=32,
    epochs=3,
    head=(8,),
    dropout=0.3,
    batch_size=12,
    patience=3,
)
BOTH_WAYS = pytest.mark.parametrize("way", [PLAIN, pytest.param(CACHED, marks=pytest.mark.nightly)], ids=["plain", "cached"])


@pytest.fixture(autouse=True)
def _every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of a tenth of a second are written like long ones."""
    monkeypatch.setattr(checkpoint, "MOST_SHARE", 1e9)


class Cut(BaseException):
    """The trainer dies here."""


def attempt(
    home: Home, recipe: Recipe, number: int, *, run_id: str = "run", cold: bool = False, **more: Any
) -> list[dict[str, Any]]:
    """Makes an attempt in this process and returns all that it said.

    Args:
        home: Where.
        recipe: Of the run.
        number: Of the attempt.
        run_id: Of the run.
        cold: Whether its network is a fresh one, as in a fresh process.
        more: Of its job.
    """
    home.run(run_id).mkdir(exist_ok=True)
    if cold:
        POOL.clear()
    said = io.StringIO()
    channel = Channel(job_of(run_id, recipe, attempt=number, **{"origin": "test", **more}), Lines(said))
    with contextlib.suppress(Cut):
        channel.say(run_job(channel, home))
    return [json.loads(line) for line in said.getvalue().splitlines()]


def cut_in(monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    """Has attempts die in the second batch of an epoch."""
    real = EpochReporter.on_train_batch_end

    def die(watch: Any, number: int, logs: Any = None) -> None:
        if (watch._epoch, number) == (epoch, 1):
            raise Cut
        real(watch, number, logs)

    monkeypatch.setattr(EpochReporter, "on_train_batch_end", die)


def script(monkeypatch: pytest.MonkeyPatch, accuracies: Sequence[float]) -> Callable[[int], None]:
    """Scripts the validation accuracies of epochs; returns what sets the epoch that comes next."""
    coming = itertools.count()

    def scripted(*_: Any) -> tuple[float, float]:
        return 1.0, accuracies[next(coming)]

    def begin_at(epoch: int) -> None:
        nonlocal coming
        coming = itertools.count(epoch)

    monkeypatch.setattr(callbacks, "loss_and_accuracy", scripted)
    return begin_at


def curve(said: list[dict[str, Any]]) -> dict[int, list[float]]:
    """Loss, accuracy and validation loss of every epoch that was said."""
    keys = ("loss", "accuracy", "val_loss")
    return {event["epoch"]: [event[key] for key in keys] for event in said if event["kind"] == "epoch"}


def same(one: dict[int, list[float]], other: dict[int, list[float]]) -> None:
    """Two curves are one."""
    assert list(one) == list(other)
    np.testing.assert_allclose(list(one.values()), list(other.values()), rtol=1e-5, atol=1e-6)


def trained_epochs(said: list[dict[str, Any]]) -> set[int]:
    """Epochs of which batches were said."""
    return {event["epoch"] for event in said if event["kind"] == "batch"}


def model_of(home: Home, run_id: str = "run") -> list[np.ndarray]:
    """The weights of a run's saved model."""
    weights: list[np.ndarray] = keras.models.load_model(home.run(run_id) / "model.keras", compile=False).get_weights()
    return weights


@pytest.mark.parametrize("recipe", [PLAIN, CACHED], ids=["plain", "cached"])
def test_a_run_that_was_cut_down_ends_as_an_unbroken_one(home: Home, monkeypatch: pytest.MonkeyPatch, recipe: Recipe) -> None:
    """Cut down twice, a seeded run has the losses, the answers and the best epoch of an unbroken one, in one epoch count."""
    whole = attempt(home, recipe, 1, run_id="whole", cold=True)
    with monkeypatch.context() as patch:
        cut_in(patch, 2)
        first = attempt(home, recipe, 1, cold=True)
    assert list(curve(first)) == [0, 1]
    with monkeypatch.context() as patch:
        cut_in(patch, 3)
        second = attempt(home, recipe, 2, cold=True)
    third = attempt(home, recipe, 3)
    begins = [next(event for event in said if event["kind"] == "start")["first_epoch"] for said in (first, second, third)]
    assert begins == [0, 2, 3]
    # The epochs before are said once more.
    assert list(curve(second)) == [0, 1, 2]
    same(curve(third), curve(whole))
    for name in ("best_epoch", "epochs_run", "val_accuracy", "test_accuracy", "cached_features"):
        assert third[-1]["result"][name] == whole[-1]["result"][name]
    assert third[-1]["result"]["cached_features"] == (recipe is CACHED)
    mine, theirs = (load_predictions(home.run(run_id)) for run_id in ("run", "whole"))
    assert mine is not None
    assert theirs is not None
    for name in ("test_probabilities", "val_probabilities"):
        np.testing.assert_allclose(mine[name], theirs[name], atol=1e-5)


def test_random_states_are_the_same_on_kept_features(home: Home) -> None:
    """A network with random layers of its own in its frozen part has, for a checkpoint, those of the head alone, on either way."""
    network = build(WITH_DROPOUT_INSIDE, 5)
    assert network.backbone is not None
    assert network.rest is not None
    assert any(isinstance(layer, keras.layers.Dropout) for layer in network.backbone.layers)
    states = [[id(state) for state in random_states(model)] for model in (network.model, network.rest)]
    assert states[0] == states[1] != []


@pytest.mark.nightly
@pytest.mark.parametrize(("first", "then"), [("float32", "off"), ("off", "float32")])
def test_a_run_goes_on_the_other_way(home: Home, monkeypatch: pytest.MonkeyPatch, first: str, then: str) -> None:
    """Where features can no longer be kept, or can be again, a run that was cut down ends as an unbroken one all the same."""
    with monkeypatch.context() as dying:
        cut_in(dying, 2)
        attempt(home, WITH_DROPOUT_INSIDE, 1, features=first)
    said = attempt(home, WITH_DROPOUT_INSIDE, 2, cold=True, features=then)
    assert (said[-1]["kind"], said[-1]["state"]) == ("end", "done")
    assert trained_epochs(said) == {2}
    whole = curve(attempt(home, WITH_DROPOUT_INSIDE, 1, run_id="whole", cold=True, features=then))
    # Of 60 pictures one that falls to the other side would be three points of accuracy.
    losses = [[figures[0] for figures in one.values()] for one in (curve(said), whole)]
    np.testing.assert_allclose(*losses, rtol=1e-3)


@BOTH_WAYS
def test_more_epochs_are_those_of_a_longer_run(home: Home, way: Recipe) -> None:
    """Two epochs, then two more, are four: also for an optimizer with a momentum of its own kind. The run's files agree."""
    recipe = way.changed(optimizer="rmsprop")
    whole = attempt(home, recipe, 1, run_id="whole")
    attempt(home, recipe.changed(epochs=2), 1)
    said = attempt(home, recipe, 2)
    same(curve(said), curve(whole))
    assert trained_epochs(said) <= {2, 3}
    assert Recipe.parse(json.loads((home.run("run") / "recipe.json").read_text())) == recipe
    for mine, theirs in zip(model_of(home), model_of(home, "whole"), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


@BOTH_WAYS
def test_early_stopping_and_the_best_weights_survive(home: Home, way: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut down while its patience runs, a run ends in the epoch in which it would have, with the weights of the best one."""
    recipe = way.changed(epochs=9, patience=3)
    accuracies = (0.2, 0.8, 0.3, 0.8, 0.4, 0.9, 0.9)
    begin_at = script(monkeypatch, accuracies)
    whole = attempt(home, recipe, 1, run_id="whole")
    begin_at(0)
    with monkeypatch.context() as patch:
        cut_in(patch, 3)
        attempt(home, recipe, 1)
    begin_at(3)
    said = attempt(home, recipe, 2)
    assert list(curve(whole)) == [0, 1, 2, 3, 4]
    same(curve(said), curve(whole))
    assert (said[-1]["state"], said[-1]["result"]["best_epoch"]) == ("done", 1)
    for mine, theirs in zip(model_of(home), model_of(home, "whole"), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)


@BOTH_WAYS
def test_a_run_that_ended_early_can_train_on(home: Home, way: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its patience counts anew, and what gets worse does not cost the model that was there."""
    recipe = way.changed(epochs=9, patience=1)
    script(monkeypatch, (0.5, 0.9, 0.4, 0.3, 0.2))
    attempt(home, recipe, 1)
    before, answers = model_of(home), load_predictions(home.run("run"))
    # As it is, it is over.
    assert trained_epochs(attempt(home, recipe, 2)) == set()
    said = attempt(home, recipe.changed(epochs=5), 3, patience_from=3)
    assert list(curve(said)) == [0, 1, 2, 3]
    assert (said[-1]["result"]["best_epoch"], said[-1]["result"]["epochs_run"]) == (1, 4)
    for mine, theirs in zip(model_of(home), before, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    after = load_predictions(home.run("run"))
    assert answers is not None
    assert after is not None
    np.testing.assert_array_equal(after["test_probabilities"], answers["test_probabilities"])
    assert after["val_probabilities"].shape[0] == 4


@BOTH_WAYS
def test_a_run_that_fails_while_it_trains_on_keeps_its_model(home: Home, way: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the loss is no longer a number, or the disk is full, the model and the checkpoint of before stay as they were."""
    attempt(home, way.changed(epochs=1), 1)
    before = {name: (home.run("run") / name).read_bytes() for name in ("model.keras", "predictions.npz", "recipe.json")}

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    for number, (place, value, error) in enumerate(
        (
            ("flowerlab.trainer.callbacks.loss_and_accuracy", lambda *_: (float("nan"), 0.2), RunFailed),
            ("flowerlab.trainer.checkpoint_writer.write_checkpoint", full, OSError),
            ("flowerlab.trainer.saving.np.savez_compressed", lambda *_, **__: full(), OSError),
        )
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, value)
            with pytest.raises(error):
                attempt(home, way.changed(epochs=2), 2 + number)
        assert {name: (home.run("run") / name).read_bytes() for name in before} == before
        state = left_behind(home.run("run"))
        assert state is not None
        assert state.epochs_run == (2 if number == 2 else 1)
    assert attempt(home, way.changed(epochs=2), 9)[-1]["result"]["epochs_run"] == 2


@BOTH_WAYS
def test_killed_in_its_test_a_run_trains_no_more(home: Home, way: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next attempt tests and saves what is there, and comes to what the first would have."""

    def cut(*_: Any) -> None:
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr("flowerlab.trainer.attempt._test", cut)
        attempt(home, way, 1)
    assert not (home.run("run") / "model.keras").exists()
    said = attempt(home, way, 2)
    assert trained_epochs(said) == set()
    assert (said[-1]["state"], said[-1]["result"]["epochs_run"]) == ("done", 4)


@BOTH_WAYS
def test_a_stopped_run_goes_on_behind_its_last_whole_epoch(home: Home, way: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when that epoch was too quick to be written as it ended, and a part of the next one has moved the weights."""
    whole = attempt(home, way, 1, run_id="whole")
    with monkeypatch.context() as patch:
        # Only the first checkpoint, and the one at the end.
        patch.setattr(checkpoint, "MOST_SHARE", 0.0)
        real = EpochReporter.on_train_batch_end

        def stop(watch: Any, number: int, logs: Any = None) -> None:
            if (watch._epoch, number) == (2, 1):
                watch._channel.wish_to_stop()
            real(watch, number, logs)

        patch.setattr(EpochReporter, "on_train_batch_end", stop)
        stopped = attempt(home, way, 1)
    assert (stopped[-1]["state"], stopped[-1]["result"]["epochs_run"]) == ("stopped", 2)
    assert [event["kind"] for event in stopped].count("saved") == 1
    state = left_behind(home.run("run"))
    assert state is not None
    assert state.epochs_run == 2
    same(curve(attempt(home, way, 2)), curve(whole))


def test_other_photos_are_refused(home: Home) -> None:
    """A run does not go on with photos that it has not trained on."""
    attempt(home, PLAIN.changed(epochs=1), 1)
    with pytest.raises(RunFailed, match="photos are not those"):
        attempt(home, PLAIN, 2, garden=Garden(70))


def test_other_frozen_weights_are_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it with a backbone that somebody has changed since: a run that it started from may have been trained on."""
    recipe = CACHED.changed(epochs=1)
    attempt(home, recipe, 1)
    real = preparation.load_starting_weights

    def others(network: Any, *rest: Any) -> None:
        real(network, *rest)
        network.backbone.layers[1].kernel.assign_add(0.01 * np.ones(network.backbone.layers[1].kernel.shape))

    monkeypatch.setattr(preparation, "load_starting_weights", others)
    with pytest.raises(RunFailed, match="weights of its frozen layers are not those"):
        attempt(home, recipe.changed(epochs=2), 2)


def test_a_checkpoint_holds_what_trains_and_no_frozen_weights(home: Home) -> None:
    """Of a network whose head trains there are the head's weights, twice more for Adam, and its random states."""
    head_only = CACHED.changed(unfreeze_from="none", augment="none", augment_views=0, epochs=1)
    said = attempt(home, head_only, 1)
    (place,) = home.run("run").glob("attempt-*")
    kept = read_checkpoint(place)
    assert kept is not None
    trainable = next(event for event in said if event["kind"] == "start")["trainable_parameters"]
    assert sum(array.size for array in kept.weights) == trainable
    assert 2 * trainable <= sum(array.size for array in kept.training) <= 2 * trainable + 10


@settings(deadline=None)
@given(accuracies=st.lists(st.sampled_from([0.1, 0.2, 0.3]), min_size=1, max_size=12), patience=st.integers(1, 4))
def test_patience_is_that_of_keras(accuracies: list[float], patience: int) -> None:
    """Training ends in the epoch in which Keras' own EarlyStopping would end it, with the same best epoch."""
    early = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    early.set_model(keras.Sequential())
    early.model.stop_training = False
    early.on_train_begin()
    for epoch, accuracy in enumerate(accuracies):
        early.on_epoch_end(epoch, {"val_accuracy": accuracy})
        state = state_of(*accuracies[: epoch + 1])
        assert state.over(99, patience) == early.model.stop_training
        assert state.best_epoch == early.best_epoch
        if early.model.stop_training:
            break
