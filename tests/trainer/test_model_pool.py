"""A run on the network of the run before is the run that a fresh process would have made."""

from __future__ import annotations

import functools

import keras
import numpy as np
import pytest
from pydantic import Field

from flowerlab.home import Home
from flowerlab.recipe.knobs import KNOBS, knobs_of
from flowerlab.recipe.optimizers import OPTIMIZERS, Optimizer
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.trainer import callbacks, model_pool, networks
from flowerlab.trainer.model_pool import ModelPool, shape_of
from flowerlab.trainer.networks import Network, build, make_trainable
from flowerlab.trainer.preparation import POOL
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
    POOL.clear()
    cold = outcome(home, recipe)
    POOL.clear()
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
    POOL.clear()
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


def test_an_optimizer_begins_anew_in_a_compiled_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever numbers an optimizer begins with (Adagrad's are not 0) and whatever the run before left, the next run begins with those."""
    adagrad = Optimizer("adagrad", "Adagrad.", "Adagrad", 1)
    monkeypatch.setattr(networks, "OPTIMIZERS", {"adagrad": adagrad})
    recipe = A.model_copy(update={"optimizer": "adagrad"})
    model = build(recipe, 5).model
    make_trainable(model, recipe)
    new = [keras.ops.convert_to_numpy(variable) for variable in model.optimizer.variables]
    assert any((numbers == 0.1).all() for numbers in new)
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.ones_like(variable))
    make_trainable(model, recipe)
    for variable, numbers in zip(model.optimizer.variables, new, strict=True):
        np.testing.assert_array_equal(variable, numbers)


def test_large_networks_push_the_oldest_out(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool holds the newest networks while they are small enough together; the newest stays, however large."""
    pool = ModelPool()
    small, other, large = (build(A.changed(head=(units,)), 5) for units in (1, 2, 3))
    monkeypatch.setattr(model_pool, "MOST_PARAMETERS", small.model.count_params() + other.model.count_params())
    assert pool.exchange(small, A.changed(head=(1,)), 5) is small
    assert pool.exchange(other, A.changed(head=(2,)), 5) is other
    assert pool.exchange(build(A.changed(head=(1,)), 5), A.changed(head=(1,)), 5) is small
    pool.exchange(large, A.changed(head=(3,)), 5)
    assert len(pool) == 1
    assert pool.exchange(build(A.changed(head=(3,)), 5), A.changed(head=(3,)), 5) is large


# vgg16_mini with every knob that needs another one to be set; and another value for each.
BASE = Recipe.parse({"architecture": "vgg16_mini", "image_size": 64, "head": (8,), "augment": "flip", "augment_views": 2})
OTHER: dict[str, object] = {
    "architecture": "mobilenet_v2_035",
    "unfreeze_from": "block5_conv3",
    "epochs": 3,
    "batch_size": 7,
    "learning_rate": 0.5,
    "dataset": "tf_flowers",
    "split": "lecture",
    "resize": "crop",
    "image_size": 96,
    "weights": "none",
    "head": (9,),
    "dropout": 0.3,
    "optimizer": "sgd",
    "validation_fraction": 0.3,
    "augment": "standard",
    "augment_views": 4,
    "patience": 2,
    "seed": 1,
    "start_from": "0" * 12,
}


@functools.lru_cache(maxsize=2)
def compiled(recipe: Recipe) -> tuple[Network, list[object]]:
    """A recipe's network, and what Keras has compiled for it: layers, which of them learn, optimizer."""
    keras.utils.clear_session()
    network = build(recipe, 5)
    make_trainable(network.model, recipe)
    learn = [layer.trainable for layer in network.backbone.layers] if network.backbone else []
    rest = network.rest.get_config() if network.rest else None
    return network, [network.model.get_config(), rest, learn, type(network.model.optimizer)]


@pytest.mark.parametrize("name", KNOBS)
def test_a_knob_that_changes_the_compiled_network_takes_another_one(name: str) -> None:
    """Of two runs that differ in one knob, the second trains in the network of the first exactly where Keras compiles the same one."""
    changed = Recipe.parse({**BASE.model_dump(exclude={"weights"} if name == "architecture" else None), name: OTHER[name]})
    assert changed != BASE
    (first, one), (second, other) = compiled(BASE), compiled(changed)
    assert (one == other) is not KNOBS[name].rebuilds_network
    pool = ModelPool()
    assert pool.exchange(first, BASE, 5) is first
    assert (pool.exchange(second, changed, 5) is first) is not KNOBS[name].rebuilds_network


def test_a_knob_that_is_added_is_in_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a new knob of which nobody has said that it leaves the compiled network as it is, another value takes another network."""

    class Later(Recipe):
        smoothing: float = Field(0.0, title="Smoothing", json_schema_extra={})

    monkeypatch.setattr(model_pool, "KNOBS", knobs_of(Later))
    shapes = {shape_of(Later.parse({"smoothing": smoothing}), 5, "float32") for smoothing in (0.0, 0.0, 0.1)}
    assert len(shapes) == 2
    keys = [shape_of(Later.parse({}), classes, precision) for classes in (4, 5) for precision in ("float32", "bfloat16")]
    assert len(set(keys)) == 4
