"""A run on the network of the run before is the run that a fresh process would have made."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from flowerlab.home import Home
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.trainer import callbacks
from flowerlab.trainer import model_pool as shelf_module
from flowerlab.trainer.model_pool import Shelf, make_trainable
from flowerlab.trainer.networks import build
from flowerlab.trainer.preparation import SHELF
from tests.support.attempts import B, attempt, losses

A = Recipe(architecture="handmade", image_size=72, epochs=2, head=(8,), dropout=0.3, augment="standard")


def outcome(home: Home, recipe: Recipe) -> tuple[list[float], np.ndarray]:
    """Losses after each batch, and the test photos' probabilities."""
    _, said = attempt(home, recipe)
    stored = load_predictions(home.run("run"))
    assert stored is not None
    return losses(said), stored["test_probabilities"]


@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(A, marks=pytest.mark.nightly),
        B.changed(dropout=0.3),
        pytest.param(B.changed(optimizer="rmsprop"), marks=pytest.mark.nightly),
        pytest.param(B.changed(weights="none", seed=5), marks=pytest.mark.nightly),
    ],
    ids=["A", "B with dropout", "RMSprop", "random weights"],
)
def test_warm_equals_cold_to_the_bit(home: Home, monkeypatch: pytest.MonkeyPatch, recipe: Recipe) -> None:
    """After a run of the same shape with another seed and learning rate, losses and answers are those of a cold start."""
    monkeypatch.setattr(callbacks, "EVENT_EVERY_S", 0.0)
    SHELF.clear()
    cold = outcome(home, recipe)
    SHELF.clear()
    outcome(home, recipe.changed(seed=99, learning_rate=0.02))
    warm = outcome(home, recipe)
    assert warm[0] == cold[0]
    np.testing.assert_array_equal(warm[1], cold[1])


def test_runs_of_one_shape_are_traced_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another seed, learning rate or number of epochs trains without tracing the network anew; another head does not."""
    traced = []
    step = keras.Model.train_step
    # Keras calls it while it traces, and never again.
    monkeypatch.setattr(keras.Model, "train_step", lambda model, data: traced.append(model) or step(model, data))
    SHELF.clear()
    attempt(home, B)
    before = len(traced)
    assert before
    attempt(home, B.changed(seed=3, learning_rate=0.01, epochs=3))
    assert len(traced) == before
    attempt(home, B.changed(head=(9,)))
    assert len(traced) > before


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_keras_has_every_optimizer_as_the_table_says(name: str) -> None:
    """A network is compiled with the entry's class, which keeps as many arrays beside the weights as the entry says."""
    model = build(A, 5).model
    make_trainable(model, A.changed(optimizer=name))
    assert type(model.optimizer).__name__ == OPTIMIZERS[name].keras_class
    kernels = [variable for variable in model.optimizer.variables if variable.shape == model.trainable_weights[0].shape]
    assert len(kernels) == OPTIMIZERS[name].slots


def test_large_networks_push_the_oldest_off(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shelf holds the newest networks while they are small enough together; the newest stays, however large."""
    shelf = Shelf()
    small, other, large = (build(A.changed(head=(units,)), 5) for units in (1, 2, 3))
    monkeypatch.setattr(shelf_module, "MOST_PARAMETERS", small.model.count_params() + other.model.count_params())
    assert shelf.exchange(small, A.changed(head=(1,)), 5) is small
    assert shelf.exchange(other, A.changed(head=(2,)), 5) is other
    assert shelf.exchange(build(A.changed(head=(1,)), 5), A.changed(head=(1,)), 5) is small
    shelf.exchange(large, A.changed(head=(3,)), 5)
    assert len(shelf) == 1
    assert shelf.exchange(build(A.changed(head=(3,)), 5), A.changed(head=(3,)), 5) is large
