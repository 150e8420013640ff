"""The predictor's process, asked about the inside of a network over its line."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from flowerlab.errors import PredictorFailed
from flowerlab.home import Home
from flowerlab.inference.explanations import feature_maps, first_filters, look, seen_photo
from flowerlab.inference.predictor import Predictor
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Settings
from flowerlab.trainer.networks import build

SIDE = 72


def test_every_question_is_answered(home: Home, settings: Settings, tmp_path: Path) -> None:
    """One process tells classes, where it looks, maps, filters, the preprocessed photo and features; a bad file is a sentence, and
    the process goes on."""
    keras.utils.set_random_seed(2)
    recipe = Recipe.parse({"architecture": "handmade", "image_size": SIDE, "head": [6]})
    model = build(recipe, 4).model
    path = tmp_path / "model.keras"
    model.save(path)
    photos = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    expected = keras.ops.convert_to_numpy(model(photos.astype(np.float32)))
    predictor = Predictor(home, settings)
    try:
        np.testing.assert_allclose(predictor.predict(path, photos), expected, atol=1e-5)
        found = look(predictor, path, photos[0], 3)
        assert found.label == 3
        assert found.heat.shape == (SIDE, SIDE)
        np.testing.assert_allclose(found.probabilities, expected[0], atol=1e-5)
        maps = feature_maps(predictor, path, photos[0], 1, begin=0, count=5)
        assert maps.maps.shape == (5, 63, 63)
        assert maps.channels_in_all == 16
        strengths = [abs(low) + abs(high) for low, high in zip(maps.lows, maps.highs, strict=True)]
        assert all(np.isfinite(strengths))
        assert first_filters(predictor, path).filters.shape == (16, 10, 10, 3)
        assert seen_photo(predictor, path, photos[0]).high == pytest.approx(photos[0].max() / 255)
        assert predictor.embed(path, photos, rank=1).shape == (3, 6)
        (tmp_path / "bad.keras").write_bytes(b"no model")
        with pytest.raises(PredictorFailed, match=r"bad\.keras"):
            look(predictor, tmp_path / "bad.keras", photos[0])
        assert look(predictor, path, photos[0]).label == int(expected[0].argmax())
    finally:
        predictor.close()
