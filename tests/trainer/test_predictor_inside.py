"""The predictor's process, asked about the inside of a network over its line."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from flowerlab.errors import PredictorFailed
from flowerlab.home import Home
from flowerlab.inference.classify import predict
from flowerlab.inference.embeddings import features
from flowerlab.inference.explanations import explain, feature_maps, first_filters, network_input
from flowerlab.inference.predictor import Predictor
from flowerlab.settings import Settings
from flowerlab.trainer.networks import build
from tests.support.runs import add_finished

SIDE = 72


def test_every_question_is_answered(home: Home, settings: Settings) -> None:
    """One process tells classes, where it looks, maps, filters, the preprocessed photo and features; a bad file is a sentence, and
    the process goes on."""
    keras.utils.set_random_seed(2)
    run, bad = (add_finished(home, "run", architecture="handmade", image_size=SIDE, head=[6], seed=seed) for seed in range(2))
    model = build(run.recipe, 5).model
    model.save(home.model(run.id))
    photos = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3), dtype=np.uint8)
    expected = keras.ops.convert_to_numpy(model(photos.astype(np.float32)))
    predictor = Predictor(home, settings)
    try:
        np.testing.assert_allclose(predict(predictor, home, run, list(photos)), expected, atol=1e-5)
        found = explain(predictor, home, run, photos[0], 3)
        assert found.label == 3
        assert found.heat.shape == (SIDE, SIDE)
        np.testing.assert_allclose(found.probabilities, expected[0], atol=1e-5)
        maps = feature_maps(predictor, home, run, photos[0], 1, begin=0, count=5)
        assert maps.maps.shape == (5, 63, 63)
        assert maps.channels_in_all == 16
        strengths = [abs(low) + abs(high) for low, high in zip(maps.lows, maps.highs, strict=True)]
        assert all(np.isfinite(strengths))
        assert first_filters(predictor, home, run).filters.shape == (16, 10, 10, 3)
        assert network_input(predictor, home, run, photos[0]).high == pytest.approx(photos[0].max() / 255)
        assert predictor.embed(home.model(run.id), photos, rank=1).shape == (3, 6)
        assert features(predictor, home, run, photos[0]).shape == (6,)
        home.model(bad.id).write_bytes(b"no model")
        with pytest.raises(PredictorFailed, match=r"model\.keras"):
            explain(predictor, home, bad, photos[0])
        assert explain(predictor, home, run, photos[0]).label == int(expected[0].argmax())
    finally:
        predictor.close()
