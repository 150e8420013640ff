"""Training in bfloat16, where a setting asks for it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.trainer import callbacks
from flowerlab.trainer.mixed_precision import computing_in
from flowerlab.trainer.model_files import load_saved
from flowerlab.trainer.preparation import POOL
from tests.support.attempts import B, attempt, losses
from tests.support.photos import GARDEN

A = Recipe(architecture="handmade", image_size=72, epochs=2, head=(8,))


@pytest.mark.parametrize("recipe", [pytest.param(A, marks=pytest.mark.nightly), B], ids=["A", "B"])
def test_it_trains_in_bfloat16_and_answers_in_float32(home: Home, monkeypatch: pytest.MonkeyPatch, recipe: Recipe) -> None:
    """Gradients are computed in bfloat16 up to the answer; validation, test and the saved model are float32, and agree."""
    monkeypatch.setattr(callbacks, "EVENT_EVERY_S", 0.0)
    POOL.clear()
    end, said = attempt(home, recipe)
    traced: list[list[str]] = []
    step, answer = keras.Model.train_step, keras.Model.predict_step

    def note(model: keras.Model, data: object, do: object) -> object:
        traced.append([layer.compute_dtype for layer in model.layers[1:]])
        return do(model, data)  # type: ignore[operator]

    monkeypatch.setattr(keras.Model, "train_step", lambda model, data: note(model, data, step))
    monkeypatch.setattr(keras.Model, "predict_step", lambda model, data: note(model, data, answer))
    narrow_end, narrow_said = attempt(home, recipe, "narrow", training_precision="bfloat16")
    assert narrow_end.result.training_precision == "bfloat16"
    assert end.result.training_precision == "float32"
    trained, *answered = traced
    assert set(trained[:-1]) == {"bfloat16"}
    assert trained[-1] == "float32"
    assert answered
    assert {dtype for dtypes in answered for dtype in dtypes} == {"float32"}
    assert losses(said) != losses(narrow_said)
    np.testing.assert_allclose(losses(narrow_said)[:3], losses(said)[:3], rtol=0.05)
    model = load_saved(home.model("narrow"))
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    stored = load_predictions(home.run("narrow"))
    assert stored is not None
    assert len(stored["test_probabilities"]) < GARDEN.pictures
    assert (narrow_end.result.model_difference or 0.0) < 0.002


def test_layers_get_their_precision_back() -> None:
    """Behind the block, also behind an error in it, every layer computes as before."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])

    def fail() -> None:
        with computing_in(model, "bfloat16"):
            assert [layer.compute_dtype for layer in model.layers] == ["bfloat16", "float32"]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [layer.compute_dtype for layer in model.layers] == ["float32", "float32"]
