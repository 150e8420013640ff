"""Compact models: half the size, the same answers."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from flowerlab.recipe.recipe import Recipe
from flowerlab.trainer.model_files import load_saved
from flowerlab.trainer.networks import build
from tools.starter.compact import write_compact

RECIPE = Recipe.parse({"architecture": "vgg16_mini", "weights": "none", "image_size": 64, "head": [], "unfreeze_from": "all"})


@pytest.fixture
def model() -> keras.Model:
    """A network with random weights, of three classes."""
    keras.utils.set_random_seed(3)
    return build(RECIPE, 3).model


def photos(count: int) -> np.ndarray:
    """Noise of the network's size."""
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3)).astype(np.float32)


def test_a_compact_model_answers_as_the_whole_one(tmp_path: Path, model: keras.Model) -> None:
    """Written in float16 and loaded, a model says the same within rounding, in float32, from half the bytes."""
    write_compact(tmp_path / "model.npz", model, RECIPE, 3)
    loaded = load_saved(tmp_path / "model.npz")
    assert {weight.dtype for weight in loaded.weights} == {"float32"}
    said, expected = (keras.ops.convert_to_numpy(one(photos(8))) for one in (loaded, model))
    assert np.ptp(expected[:, 0]) > 0.001
    np.testing.assert_allclose(said, expected, atol=0.005)
    assert (tmp_path / "model.npz").stat().st_size < 2.1 * model.count_params()


def test_a_model_as_keras_saves_it_is_loaded_too(tmp_path: Path, model: keras.Model) -> None:
    """The same function loads the model of a run that was trained here."""
    model.save(tmp_path / "model.keras")
    loaded = load_saved(tmp_path / "model.keras")
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(loaded(photos(2))), keras.ops.convert_to_numpy(model(photos(2))), atol=1e-6
    )


def test_weights_that_float16_cannot_hold_are_refused(tmp_path: Path, model: keras.Model) -> None:
    """A weight beyond 65,504 would become infinite: nothing is written."""
    model.get_layer("answer").bias.assign([1e6, 0, 0])
    with pytest.raises(ValueError, match="float16"):
        write_compact(tmp_path / "model.npz", model, RECIPE, 3)
    assert list(tmp_path.iterdir()) == []
