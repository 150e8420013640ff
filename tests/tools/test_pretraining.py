"""How our own weights are taught: what can be tested without teaching for hours."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from PIL import Image

from flowerlab.trainer.vgg16_mini import vgg16_mini
from tools.pretrain.alter import altered
from tools.pretrain.crops import STORED_PX, Crops
from tools.pretrain.distil import batch, folded, rate_at, student, unfold
from tools.pretrain.sharpen import LAST, sharpen

CROPS = 128


@pytest.fixture(scope="module")
def crops() -> Crops:
    """128 crops of noise with answers of noise."""
    rng = np.random.default_rng(0)
    return Crops(
        photos=rng.integers(0, 256, (CROPS, STORED_PX, STORED_PX, 3), dtype=np.uint8),
        answers=rng.normal(size=(CROPS, 1280)).astype(np.float16),
        sources=np.arange(CROPS),
    )


@pytest.mark.nightly
def test_unfolding_and_folding_give_the_same_network_back(crops: Crops) -> None:
    """A student that begins with a vgg16_mini answers as it does, and folds into the same weights."""
    keras.utils.set_random_seed(0)
    plain = vgg16_mini((STORED_PX, STORED_PX, 3))
    for layer in plain.layers:
        if layer.weights:
            kernel, bias = layer.get_weights()
            layer.set_weights([kernel, np.random.default_rng(1).normal(0, 0.1, bias.shape)])
    trained = student()
    unfold(trained, plain, crops)
    photos = crops.photos[:2].astype(np.float32) / 127.5 - 1
    last = keras.Model(trained.input, trained.get_layer("block5_pool").output)
    expected = plain.predict_on_batch(photos)
    assert np.abs(last.predict_on_batch(photos) - expected).max() < 1e-3 * np.abs(expected).max()
    for ours, theirs in zip(folded(trained, STORED_PX).get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_altered_crops_keep_their_size_and_are_drawn_by_the_generator_alone() -> None:
    """The same generator alters a crop in the same way; the crop itself and the other one stay as they are."""
    rng = np.random.default_rng(3)
    crop, other = (Image.fromarray(rng.integers(0, 256, (160, 160, 3), dtype=np.uint8)) for _ in range(2))
    before = crop.tobytes(), other.tobytes()
    first, second = ([altered(crop, np.random.default_rng(seed), other) for seed in range(20)] for _ in range(2))
    assert [one.tobytes() for one in first] == [one.tobytes() for one in second]
    assert len({one.tobytes() for one in first}) == 20
    assert {(one.size, one.mode) for one in first} == {((160, 160), "RGB")}
    assert (crop.tobytes(), other.tobytes()) == before


def test_an_epoch_shows_each_stretch_of_crops_once_with_its_answers(crops: Crops) -> None:
    """The batches of one epoch do not overlap, and photos keep the answers that belong to them."""
    seen = []
    for number in range(CROPS // 64):
        photos, answers = batch(crops, number, STORED_PX)
        where = [int(np.flatnonzero((crops.answers == answer).all(axis=1))[0]) for answer in answers]
        seen += where
        same = (crops.photos[where] == photos).all() or (crops.photos[where][:, :, ::-1] == photos).all()
        assert same
    assert sorted(seen) == list(range(CROPS))


def test_the_learning_rate_warms_up_and_ends_at_nothing() -> None:
    """It begins at 0, is highest between, and is 0 at the last step."""
    rates = [float(rate_at(step, 10_000, peak=1e-3)) for step in (0, 150, 300, 5_000, 7_500, 10_000)]
    assert rates[0] == 0
    assert rates[1] == pytest.approx(rates[2] / 2)
    assert rates[2] == rates[3] == max(rates) == pytest.approx(1e-3)
    assert rates[4] == pytest.approx(rates[2] / 2)
    assert rates[5] == 0


def test_a_sharpened_layer_is_silent_at_most_places_and_spread_as_asked(crops: Crops) -> None:
    """On the photos that it was measured on, each channel of the last layer answers at a fifth of the places, with that spread."""
    keras.utils.set_random_seed(0)
    network = vgg16_mini((STORED_PX, STORED_PX, 3))
    sharpen(network, crops.photos[:32], silent_share=0.8, spread=0.15)
    last = keras.Model(network.input, network.get_layer(LAST).output)
    given = last.predict_on_batch(crops.photos[:32].astype(np.float32) / 127.5 - 1).reshape(-1, network.output_shape[-1])
    assert np.abs((given > 0).mean(axis=0) - 0.2).max() < 0.01
    np.testing.assert_allclose(given.std(axis=0), 0.15, rtol=0.01)
