"""Networks from recipes: backbone, head, preprocessing inside, what is frozen, how they are compiled."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
from keras import layers

from flowerlab.architectures import Architecture
from flowerlab.architectures.handmade import STEPS
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.recipe import Recipe
from flowerlab.trainer.vgg16_mini import vgg16_mini

# Those that `keras.applications` has not.
OWN_BACKBONES: dict[str, Callable[..., keras.Model]] = {"vgg16_mini": vgg16_mini}


def constructor_of(chosen: Architecture) -> Callable[..., keras.Model]:
    """Returns what builds a known network; it is called as the functions of `keras.applications` are."""
    if chosen.constructor is None:
        return OWN_BACKBONES[chosen.name]
    return partial(getattr(keras.applications, chosen.constructor), **chosen.constructor_arguments)


def preprocessing_of(chosen: Architecture) -> Callable[[Any], Any]:
    """Returns what makes a known network's input of RGB 0..255."""
    if chosen.preprocess is None:
        return lambda photos: photos
    # Called on the Keras input it saves and loads in safe mode; wrapped in a Lambda layer it does not load.
    return getattr(keras.applications, chosen.preprocess).preprocess_input  # type: ignore[no-any-return]


@dataclass
class Network:
    """A network and its parts, which share their weights.

    Args:
        model: float32 (n, height, width, 3), RGB 0..255 → float32 (n, classes), probabilities.
        backbone: The known network inside `model`; None for the hand-made one.
        cut: All layers of the backbone before this index are frozen, and one tensor crosses here; 0 if none is.
        rest: What crosses the cut → probabilities; None if the cut is 0.
    """

    model: keras.Model
    backbone: keras.Model | None
    cut: int
    rest: keras.Model | None

    def counts(self) -> tuple[int, int]:
        """Returns (all parameters, trainable parameters)."""
        trainable = sum(math.prod(weight.shape) for weight in self.model.trainable_weights)
        return int(self.model.count_params()), trainable


def build(recipe: Recipe, classes: int) -> Network:
    """Builds a recipe's network, for 2 classes or more, with random weights and nothing frozen but what the recipe freezes."""
    chosen = recipe.chosen
    photos = keras.Input((recipe.image_size, recipe.image_size, 3), name="photos")
    if recipe.from_scratch:
        return Network(keras.Model(photos, _stack(_handmade(), _head(recipe, classes), photos)), None, 0, None)
    backbone = make_backbone(chosen, recipe.image_size)
    freeze(backbone, chosen, recipe.unfreeze_from)
    # training=False: BatchNormalization keeps its statistics, as the Keras guide to fine-tuning asks.
    features = backbone(preprocessing_of(chosen)(photos), training=False)
    head = _head(recipe, classes)
    model = keras.Model(photos, _stack([], head, features), name=recipe.architecture)
    cut = recipe.cut
    if cut == 0:
        return Network(model, backbone, 0, None)
    crossing = keras.Input(backbone.layers[cut - 1].output.shape[1:], name="features")
    tail = part_of(backbone, cut, len(backbone.layers))
    rest = keras.Model(crossing, _stack([], head, crossing if tail is None else tail(crossing, training=False)))
    return Network(model, backbone, cut, rest)


def make_backbone(chosen: Architecture, image_size_px: int, *, precision: str = "float32") -> keras.Model:
    """Builds a known network without its top, with random weights.

    Args:
        image_size_px: Width and height of its photos.
        precision: `float32` or `bfloat16`; in the latter it computes, its weights are float32 in either.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        return constructor_of(chosen)(include_top=False, weights=None, input_shape=(image_size_px, image_size_px, 3))
    finally:
        keras.config.set_dtype_policy(before)


def part_of(backbone: keras.Model, begin: int, end: int) -> keras.Model | None:
    """Returns the layers of a backbone between two clean cuts, which share its weights; None if there are none.

    Args:
        begin: Index of the first layer; its input is the output of the layer before (0: preprocessed photos).
        end: Index after the last layer.
    """
    if begin == end:
        return None
    first = backbone.input if begin == 0 else backbone.layers[begin - 1].output
    return keras.Model(first, backbone.layers[end - 1].output)


def freeze(backbone: keras.Model, chosen: Architecture, unfreeze_from: str) -> None:
    """Freezes the layers before `unfreeze_from`, and BatchNormalization everywhere."""
    first = chosen.first_trainable_index(unfreeze_from)
    backbone.trainable = True
    for index, layer in enumerate(backbone.layers):
        layer.trainable = first is not None and index >= first and not isinstance(layer, layers.BatchNormalization)


def make_trainable(model: keras.Model, recipe: Recipe) -> None:
    """Makes a model ready for a run: compiled, its optimizer as new."""
    optimizer = getattr(keras.optimizers, OPTIMIZERS[recipe.optimizer].keras_class)(learning_rate=recipe.learning_rate)
    if not model.compiled:
        model.compile(
            optimizer=optimizer, loss="categorical_crossentropy", metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")]
        )
        # All variables now, also those of the accuracy: where the first step makes any, TensorFlow traces it a second time.
        model.optimizer.build(model.trainable_variables)
        return
    optimizer.build(model.trainable_variables)
    for variable, new in zip(model.optimizer.variables, optimizer.variables, strict=True):
        variable.assign(new)
    model.reset_metrics()


def random_states(model: keras.Model) -> list[keras.Variable]:
    """Returns the states of all random numbers that a model draws while it trains.

    Those of its own layers: the known network in it, a model itself, is always called with `training=False`. So the states are the same
    ones whether a run trains on kept features or the plain way.
    """
    weights = {id(weight) for weight in model.weights}
    own = [layer for layer in model.layers if not isinstance(layer, keras.Model)]
    return [variable for layer in own for variable in layer.variables if id(variable) not in weights]


def _handmade() -> list[keras.Layer]:
    """The lecture's own layers, before the head."""
    stack: list[keras.Layer] = [layers.Rescaling(1 / 255, name="rescaling")]
    for number, (filters, kernel, pool) in enumerate(STEPS, start=1):
        stack.append(layers.Conv2D(filters, kernel, activation="relu", name=f"conv{number}"))
        stack.append(layers.MaxPooling2D(pool, name=f"pool{number}"))
    return stack


def _head(recipe: Recipe, classes: int) -> list[keras.Layer]:
    stack: list[keras.Layer] = [layers.Flatten(name="flatten")]
    for number, units in enumerate(recipe.head, start=1):
        stack.append(layers.Dense(units, activation="relu", name=f"dense{number}"))
        if recipe.dropout:
            stack.append(layers.Dropout(recipe.dropout, name=f"dropout{number}"))
    if recipe.dropout and not recipe.head:
        stack.append(layers.Dropout(recipe.dropout, name="dropout1"))
    return [*stack, layers.Dense(classes, activation="softmax", name="answer")]


def _stack(first: Sequence[keras.Layer], then: Sequence[keras.Layer], tensor: Any) -> Any:
    for layer in (*first, *then):
        tensor = layer(tensor)
    return tensor
