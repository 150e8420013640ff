"""A run that was cut down goes on behind its last whole epoch, and ends as one that was not."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

from flowerlab.engine import Job
from flowerlab.home import Home
from flowerlab.metrics import load_predictions
from flowerlab.recipe import Recipe
from flowerlab.trainer import checkpoint, fit, run
from flowerlab.trainer.channel import Channel, Lines
from tests.trainer.test_features import GARDEN

# Dropout and augmentation draw random numbers in every step. The plain way, and kept features of changed copies.
PLAIN = Recipe(
    architecture="handmade",
    image_size=72,
    epochs=5,
    head=(8,),
    dropout=0.3,
    augment="standard",
    batch_size=8,
    patience=5,
)
CACHED = Recipe(
    architecture="vgg16_mini", weights="flowerlab", unfreeze_from="block4_conv3", image_size=32, epochs=5, head=(8,),
    dropout=0.3, augment="flip", augment_views=2, batch_size=8, patience=5,
)  # fmt: skip


@pytest.fixture(autouse=True)
def _every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Epochs of a tenth of a second are written like long ones."""
    monkeypatch.setattr(checkpoint, "MOST_SHARE", 1e9)


class Cut(BaseException):
    """The trainer dies here."""


def attempt(home: Home, recipe: Recipe, number: int, *, run_id: str = "run", **more: Any) -> list[dict[str, Any]]:
    """Makes an attempt in this process, on a fresh network as in a fresh process, and returns all that it said."""
    home.run(run_id).mkdir(exist_ok=True)
    run.SHELF.clear()
    said = io.StringIO()
    job = Job(
        run_id=run_id, attempt=number, recipe=recipe.model_dump(mode="json"), home=home.root, garden=GARDEN, origin="test",
        **more,
    )  # fmt: skip
    channel = Channel(job, Lines(said))
    try:
        end = run.run_job(channel)
        channel.say("end", **end)
    except Cut:
        pass
    return [json.loads(line) for line in said.getvalue().splitlines()]


def cut_in(monkeypatch: pytest.MonkeyPatch, epoch: int, batch: int = 2) -> None:
    """Has the next attempt die in a batch of an epoch."""
    real = fit._Watch.on_train_batch_end

    def die(watch: Any, number: int, logs: Any = None) -> None:
        if (watch._epoch, number) == (epoch, batch):
            raise Cut
        real(watch, number, logs)

    monkeypatch.setattr(fit._Watch, "on_train_batch_end", die)


def curve(said: list[dict[str, Any]]) -> dict[int, list[float]]:
    """Loss, accuracy and validation loss of every epoch that was said."""
    return {
        event["epoch"]: [event["loss"], event["accuracy"], event["val_loss"]]
        for event in said
        if event["kind"] == "epoch"
    }


def same(one: dict[int, list[float]], other: dict[int, list[float]]) -> None:
    """Two curves are one."""
    assert list(one) == list(other)
    np.testing.assert_allclose(list(one.values()), list(other.values()), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("recipe", [PLAIN, CACHED], ids=["plain", "cached"])
def test_a_run_that_was_cut_down_ends_as_an_unbroken_one(
    home: Home, monkeypatch: pytest.MonkeyPatch, recipe: Recipe
) -> None:
    """Cut down twice, a seeded run has the losses, the answers and the best epoch of an unbroken one, in one epoch count."""
    whole = attempt(home, recipe, 1, run_id="whole")
    with monkeypatch.context() as patch:
        cut_in(patch, 2)
        first = attempt(home, recipe, 1)
    assert list(curve(first)) == [0, 1]
    with monkeypatch.context() as patch:
        cut_in(patch, 3)
        second = attempt(home, recipe, 2)
    third = attempt(home, recipe, 3)
    begins = [
        next(event for event in said if event["kind"] == "start")["first_epoch"] for said in (first, second, third)
    ]
    assert begins == [0, 2, 3]
    # The epochs before are said once more.
    assert list(curve(second)) == [0, 1, 2]
    same(curve(third), curve(whole))
    for name in ("best_epoch", "epochs_run", "val_accuracy", "test_accuracy", "cached_features"):
        assert third[-1]["result"][name] == whole[-1]["result"][name]
    mine, theirs = (load_predictions(home.run(run_id)) for run_id in ("run", "whole"))
    assert mine is not None
    assert theirs is not None
    for name in ("test_probabilities", "val_probabilities"):
        np.testing.assert_allclose(mine[name], theirs[name], atol=1e-5)
