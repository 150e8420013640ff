"""The tables of architectures, held against Keras."""

from __future__ import annotations

import math
import warnings
from functools import cache, partial
from typing import Any

import keras
import numpy as np
import pytest

from flowerlab.architectures import ARCHITECTURES
from flowerlab.trainer.networks import constructor_of, preprocessing_of
from flowerlab.trainer.vgg16_mini import vgg16_mini

BACKBONES = {
    "vgg16": keras.applications.VGG16,
    "vgg16_mini": vgg16_mini,
    "mobilenet_v2": partial(keras.applications.MobileNetV2, alpha=1.0),
    "mobilenet_v2_035": partial(keras.applications.MobileNetV2, alpha=0.35),
    "resnet50": keras.applications.ResNet50,
    "efficientnet_v2_b0": partial(keras.applications.EfficientNetV2B0, include_preprocessing=True),
}
SIZE_PX = 150
each = pytest.mark.parametrize("name", BACKBONES)


@cache
def built(name: str) -> Any:
    """The backbone at 150 px; Keras numbers the names it chooses itself from the start."""
    keras.backend.clear_session()
    return BACKBONES[name](include_top=False, weights=None, input_shape=(SIZE_PX, SIZE_PX, 3))


def size_of(weights: list[Any]) -> int:
    """How many numbers the weights hold."""
    return sum(math.prod(weight.shape) for weight in weights)


def test_every_known_network_is_held_against_keras() -> None:
    """An architecture that is added is held against Keras."""
    assert set(ARCHITECTURES) - {"handmade"} == set(BACKBONES)


@each
def test_the_entry_names_what_builds_and_prepares_it(name: str) -> None:
    """What an entry names in `keras.applications` gives the network of its table, from photos as the network expects them."""
    chosen = ARCHITECTURES[name]
    backbone = constructor_of(chosen)(include_top=False, weights=None, input_shape=(SIZE_PX, SIZE_PX, 3))
    assert [layer.count_params() for layer in backbone.layers] == [layer.parameters for layer in chosen.layers]
    white = np.asarray(preprocessing_of(chosen)(np.full((1, 2, 2, 3), 255.0, dtype=np.float32)))
    expected = {"vgg16": 151.061, "resnet50": 151.061, "efficientnet_v2_b0": 255.0}.get(name, 1.0)
    assert white[0, 0, 0, 0] == pytest.approx(expected, abs=1e-3)


@each
def test_layers(name: str) -> None:
    """Names, kinds, order and parameters of all layers are those of Keras."""
    expected = [(layer.name, type(layer).__name__, layer.count_params()) for layer in built(name).layers]
    assert [(layer.name, layer.kind, layer.parameters) for layer in ARCHITECTURES[name].layers] == expected


@each
def test_sizes_of_photos(name: str) -> None:
    """At 150 px the backbone's output has Keras' shape, and Keras refuses photos one pixel below the smallest."""
    chosen = ARCHITECTURES[name]
    assert chosen.feature_shape(SIZE_PX) == built(name).output_shape[1:]
    too_small = chosen.smallest_px - 1
    with pytest.raises(ValueError, match=f"must be at least {chosen.smallest_px}x{chosen.smallest_px}"):
        BACKBONES[name](include_top=False, weights=None, input_shape=(too_small, too_small, 3))


@each
def test_counts_of_a_frozen_network(name: str) -> None:
    """For all, none, recipe C's layer and one beside a stop, Keras counts the same parameters, with a head."""
    chosen, base = ARCHITECTURES[name], built(name)
    head = keras.Sequential(
        [
            keras.Input(base.output_shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(7),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(3),
        ]
    )
    beside = next(layer.name for layer in reversed(chosen.layers[:-2]) if not layer.stop and layer.kind != "InputLayer")
    for unfreeze_from in ("none", "all", chosen.fine_tune_from, beside):
        assert unfreeze_from is not None
        first = chosen.first_trainable_index(unfreeze_from)
        for index, layer in enumerate(base.layers):
            frozen = first is None or index < first or isinstance(layer, keras.layers.BatchNormalization)
            layer.trainable = not frozen
        counts = chosen.counts(image_size=SIZE_PX, unfreeze_from=unfreeze_from, head=(7,), classes=3)
        trainable = size_of(base.trainable_weights) + size_of(head.trainable_weights)
        assert (counts.trainable, counts.backbone, counts.head) == (trainable, base.count_params(), head.count_params())
        assert counts.frozen == size_of(base.non_trainable_weights)


def remainder(name: str, cut: int) -> Any:
    """The network behind a cut, built from the one tensor in front of it."""
    base = built(name)
    return keras.Model(base.layers[cut - 1].output, base.output)


@each
def test_the_rest_can_be_built_from_one_tensor_at_a_stop(name: str) -> None:
    """Recipe C's stop and the last one need the output of the layer before them and nothing else, and agree to the bit."""
    chosen, base = ARCHITECTURES[name], built(name)
    photos = np.random.default_rng(0).uniform(0, 255, (1, SIZE_PX, SIZE_PX, 3)).astype("float32")
    expected = keras.ops.convert_to_numpy(base(photos, training=False))
    for cut in {chosen.first_trainable_index(str(chosen.fine_tune_from)), chosen.stops()[-1].index}:
        assert cut is not None
        front = keras.Model(base.input, base.layers[cut - 1].output)
        joined = remainder(name, cut)(front(photos, training=False), training=False)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(joined), expected)


@each
def test_clean_cuts_are_exactly_where_one_tensor_is_enough(name: str) -> None:
    """Over the last layers, Keras can build the rest from the tensor before a layer exactly where the table says clean."""
    layers = ARCHITECTURES[name].layers
    start = max(1, len(layers) - 24)
    possible = []
    for layer in layers[start:]:
        try:
            remainder(name, layer.index)
        except ValueError:
            possible.append(False)
        else:
            possible.append(True)
    assert possible == [layer.clean for layer in layers[start:]]


@pytest.mark.parametrize("name", [name for name in BACKBONES if ARCHITECTURES[name].pretrained == "imagenet"])
def test_weights_files_and_an_odd_size(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 75 px, Keras asks for the weights file of the table (name, address, MD5), and its output has our shape."""
    asked: list[tuple[str, str, str | None]] = []
    loaded: list[str] = []

    def get_file(file: str, url: str, file_hash: str | None = None, cache_subdir: str = "") -> str:
        assert cache_subdir == "models"
        asked.append((file, url, file_hash))
        return file

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)
    monkeypatch.setattr(keras.Model, "load_weights", lambda self, path: loaded.append(path))
    with warnings.catch_warnings():
        # MobileNetV2 says that it takes the file made at 224 px, which is what we want.
        warnings.filterwarnings("ignore", message="`input_shape` is undefined or non-square")
        base = BACKBONES[name](include_top=False, weights="imagenet", input_shape=(75, 75, 3))
    assert asked == [(file.name, file.url, file.digest) for file in ARCHITECTURES[name].weights]
    assert loaded == [file.name for file in ARCHITECTURES[name].weights]
    assert ARCHITECTURES[name].feature_shape(75) == base.output_shape[1:]


@pytest.mark.parametrize("size_px", [72, 75, 150, 331])
def test_the_hand_made_network(size_px: int) -> None:
    """The lecture's Sequential has the layers, shapes and parameters that the formula gives."""
    keras.backend.clear_session()
    conv, pool = keras.layers.Conv2D, keras.layers.MaxPooling2D
    stack = [
        keras.layers.Rescaling(1 / 255),
        *(conv(16, 10, activation="relu"), pool(3)),
        *(conv(32, 8, activation="relu"), pool(2)),
        *(conv(32, 6, activation="relu"), pool(2)),
    ]
    network = keras.Sequential([keras.Input((size_px, size_px, 3)), *stack])
    chosen = ARCHITECTURES["handmade"]
    assert [(layer.kind, layer.parameters) for layer in chosen.layers] == [
        (type(layer).__name__, layer.count_params()) for layer in network.layers
    ]
    assert chosen.feature_shape(size_px) == network.output_shape[1:]


def test_the_hand_made_network_fits_no_smaller_photo() -> None:
    """One pixel below the smallest size, Keras cannot build the network."""
    smallest = ARCHITECTURES["handmade"].smallest_px
    with pytest.raises(ValueError, match="Computed output size would be zero or negative"):
        keras.Sequential(
            [
                keras.Input((smallest - 1, smallest - 1, 3)),
                *(keras.layers.Conv2D(16, 10), keras.layers.MaxPooling2D(3)),
                *(keras.layers.Conv2D(32, 8), keras.layers.MaxPooling2D(2)),
                *(keras.layers.Conv2D(32, 6), keras.layers.MaxPooling2D(2)),
            ]
        )
