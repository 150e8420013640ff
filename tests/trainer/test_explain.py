"""Looking into networks: Grad-CAM, feature maps, filters, features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from flowerlab.datasets.garden import CLASSES, pictures
from flowerlab.errors import BadModel
from flowerlab.home import Home
from flowerlab.packs.starter import STARTER_ID, bring_starter
from flowerlab.photos.reading import resize_photo
from flowerlab.recipe.recipe import Recipe
from flowerlab.store import Store
from flowerlab.trainer.explain import VIEWS, View, _mean_over_views, explain, feature_maps, first_filters, network_input
from flowerlab.trainer.model_files import load_saved
from flowerlab.trainer.network_parts import NetworkParts
from flowerlab.trainer.networks import build
from tools.checks.gradcam import METHODS, ONE_VIEW, rank_correlation, shuffled_head
from tools.starter.compact import write_compact

SIDE = 96
UNSEEN = 100_000


def recipe(architecture: str) -> Recipe:
    """A small recipe of one architecture, with a head of one hidden layer."""
    frozen = "all" if architecture == "handmade" else "none"
    return Recipe.parse({"architecture": architecture, "weights": "none", "image_size": SIDE, "head": [7], "unfreeze_from": frozen})


def noise(count: int, side: int = SIDE) -> np.ndarray:
    """Photos of noise."""
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def colour_network() -> keras.Model:
    """Class 0 is what is red, class 1 what is green; preprocessing and a nested backbone as in a known network."""
    given = keras.Input((8, 8, 3), name="backbone_photos")
    maps = layers.Conv2D(3, 1, use_bias=False, name="colours")(given)
    backbone = keras.Model(given, layers.MaxPooling2D(2, name="pool")(maps), name="backbone")
    backbone.get_layer("colours").set_weights([np.eye(3, dtype=np.float32)[None, None]])
    photos = keras.Input((8, 8, 3), name="photos")
    flat = layers.Flatten(name="flatten")(backbone(photos / 255.0))
    model = keras.Model(photos, layers.Dense(2, activation="softmax", name="answer")(flat))
    weights = np.zeros((48, 2), dtype=np.float32)
    weights[0::3, 0] = weights[1::3, 1] = 1
    model.get_layer("answer").set_weights([weights, np.zeros(2, dtype=np.float32)])
    return model


@pytest.mark.parametrize(
    ("architecture", "way"),
    [
        ("handmade", "just built"),
        ("handmade", "as Keras saves it"),
        ("vgg16_mini", "compact"),
        ("mobilenet_v2_035", "as Keras saves it"),
    ],
)
def test_the_parts_of_a_network_make_up_the_whole(tmp_path: Path, architecture: str, way: str) -> None:
    """Through the parts a photo gets the answer that the whole network gives, however deep its layers lie and it was loaded."""
    keras.utils.set_random_seed(1)
    chosen = recipe(architecture)
    model = build(chosen, 3).model
    if way == "compact":
        write_compact(tmp_path / "model.npz", model, chosen, 3)
        model = load_saved(tmp_path / "model.npz")
    elif way == "as Keras saves it":
        model.save(tmp_path / "model.keras")
        model = load_saved(tmp_path / "model.keras")
    parts, photos = NetworkParts(model), noise(2)
    expected = keras.ops.convert_to_numpy(model(photos.astype(np.float32), training=False))
    found = explain(parts, photos[0], None)
    np.testing.assert_allclose(found.probabilities, expected[0], atol=1e-5)
    assert expected[0, found.label] == pytest.approx(expected[0].max())
    features = parts.penultimate.predict_on_batch(photos.astype(np.float32))
    assert features.shape == (2, 7)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(parts.answer(features)), expected, atol=1e-5)
    # The table of layers, by which a page names them, and the network agree.
    described = [layer for layer in chosen.chosen.layers if layer.kind != "InputLayer"]
    assert [layer.kind for layer in described] == [type(layer).__name__ for layer in parts.layers]


@pytest.mark.parametrize("views", [ONE_VIEW, VIEWS], ids=["one view", "all views"])
@pytest.mark.parametrize("method", METHODS)
def test_a_map_is_where_the_class_is(method: str, views: Sequence[View]) -> None:
    """Red at the left and green at the right: the map of either class lies where its colour is, and nowhere else."""
    parts = NetworkParts(colour_network())
    photo = np.zeros((8, 8, 3), dtype=np.uint8)
    photo[:, :4, 0] = photo[:, 4:, 1] = 200
    red, green = (explain(parts, photo, label, weighings=METHODS[method], views=views) for label in (0, 1))
    assert red.layer == "colours"
    assert red.heat.shape == red.places == (8, 8)
    assert red.heat[:, :4].any()
    assert not red.heat[:, 4:].any()
    assert green.heat[:, 4:].any()
    assert not green.heat[:, :4].any()


def test_a_sure_answer_still_has_a_map() -> None:
    """The score before the softmax is asked for: with a probability of 1 to the last digit the map is as it was."""
    model = colour_network()
    photo = np.zeros((8, 8, 3), dtype=np.uint8)
    photo[:, :, 0] = 255
    model.get_layer("answer").set_weights([w * 100 for w in model.get_layer("answer").get_weights()])
    found = explain(NetworkParts(model), photo, 0)
    assert found.probabilities[0] == 1
    assert found.heat.min() > 0


def test_with_the_head_shuffled_the_map_changes(home: Home) -> None:
    """Of a trained network: over five drawn flowers the maps' median rank correlation with those of a shuffled head is below 0.5."""
    store = Store(home.store)
    assert bring_starter(home, store)
    run = store.get(STARTER_ID)
    store.close()
    model = load_saved(home.model(STARTER_ID))
    whole, shuffled = NetworkParts(model), NetworkParts(shuffled_head(model))
    found = []
    for number in range(5):
        drawing = pictures.draw(pictures.index_of(number % len(CLASSES), UNSEEN + number))
        photo = resize_photo(drawing.photo, run.recipe.image_size, run.recipe.resize)
        same, other = (explain(parts, photo, drawing.label).heat for parts in (whole, shuffled))
        found.append(rank_correlation(same, other))
    assert np.median(found) < 0.5


def test_feature_maps_come_strongest_first() -> None:
    """Of the colours of a green photo the green channel comes first; the two others are silent, and scaling breaks nothing."""
    photo = np.zeros((8, 8, 3), dtype=np.uint8)
    photo[:, 4:, 1] = 100
    found = feature_maps(NetworkParts(colour_network()), photo, 0, begin=0, count=2)
    assert found.channels == (1, 0)
    assert (found.channels_in_all, found.silent) == (3, 2)
    assert found.maps[0, 0].tolist() == [0] * 4 + [255] * 4
    assert not found.maps[1].any()
    assert found.highs[0] == pytest.approx(100 / 255)
    left = feature_maps(NetworkParts(colour_network()), photo, 0, begin=2, count=2)
    assert left.channels == (2,)
    assert feature_maps(NetworkParts(colour_network()), photo, 0, begin=3, count=2).maps.shape == (0, 8, 8)


def test_filters_are_shown_in_the_colours_of_the_photo() -> None:
    """A network that is given blue first has its filters turned back: the one that finds red is red."""
    given = keras.Input((8, 8, 3))
    maps = layers.Conv2D(2, 1, use_bias=False, name="first")(given)
    backbone = keras.Model(given, maps)
    # Of what it is given the last channel is red.
    backbone.get_layer("first").set_weights([np.asarray([[0, 1], [0, 0], [2, 0]], dtype=np.float32)[None, None]])
    photos = keras.Input((8, 8, 3))
    turned = keras.applications.vgg16.preprocess_input(photos)
    answer = layers.Dense(2, activation="softmax")(layers.Flatten()(backbone(turned)))
    parts = NetworkParts(keras.Model(photos, answer))
    assert parts.channel_order == [2, 1, 0]
    found = first_filters(parts)
    assert found.layer == "first"
    assert found.filters[:, 0, 0].tolist() == [[255, 128, 128], [128, 128, 255]]


def test_the_photo_is_told_as_the_network_gets_it() -> None:
    """Lowest and highest number are those behind preprocessing, and the picture spans them."""
    photo = np.full((SIDE, SIDE, 3), 51, dtype=np.uint8)
    photo[0, 0] = 255
    found = network_input(NetworkParts(build(recipe("mobilenet_v2_035"), 2).model), photo)
    assert (found.low, found.high) == (pytest.approx(51 / 127.5 - 1), pytest.approx(1))
    assert (int(found.picture.min()), int(found.picture.max())) == (0, 255)
    assert found.channel_order == (0, 1, 2)


def test_another_end_is_refused_in_a_sentence() -> None:
    """A network that does not end in probabilities of one layer cannot be looked into."""
    photos = keras.Input((8, 8, 3))
    model = keras.Model(photos, layers.Softmax()(layers.Flatten()(photos)))
    with pytest.raises(BadModel, match=r"cannot be looked into.*Softmax"):
        NetworkParts(model)


def test_what_is_the_same_everywhere_stays_so_up_to_the_edge() -> None:
    """Shifted views know nothing of an edge: there the mean is of those that do, so that no place is darker for it."""
    mean = _mean_over_views(np.ones((len(VIEWS), 5, 5), dtype=np.float32), VIEWS, 60, 60)
    np.testing.assert_allclose(mean, 1.0, rtol=1e-5)


@pytest.mark.parametrize("architecture", ["handmade", "vgg16_mini", "mobilenet_v2_035"])
def test_a_layer_that_is_cut_off_gives_the_same_map(architecture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Going backwards through the layers behind it alone, which is quicker, finds what going through all of them finds."""
    parts = NetworkParts(build(recipe(architecture), 5).model)
    assert parts.rest_after(parts.looked_at) is not None
    quick = explain(parts, noise(1)[0].astype(np.uint8), 2)
    monkeypatch.setattr(NetworkParts, "rest_after", lambda parts, layer: None)
    whole = explain(parts, noise(1)[0].astype(np.uint8), 2)
    np.testing.assert_allclose(quick.heat, whole.heat, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(quick.probabilities, whole.probabilities, rtol=1e-4)
