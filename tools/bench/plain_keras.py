"""The lecture as one writes it in plain Keras: photos as float32 arrays in memory, `fit` over the whole network.

It is what Flowerlab is measured against, and so it is given nothing to slow it: arrays are made once, threads are Keras' own,
batches of 32 as in the lecture, the same photos in the same parts, the same heads, optimizer and learning rate. The code here uses
Keras alone; its caller gives it the photos, and a known network with the same weights as the other side's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

BATCH_SIZE = 32
HEAD = (50, 20)
PREPROCESSING = {
    "vgg16": keras.applications.vgg16.preprocess_input,
    "vgg16_mini": keras.applications.mobilenet_v2.preprocess_input,
    "mobilenet_v2": keras.applications.mobilenet_v2.preprocess_input,
}


@dataclass(frozen=True)
class Parts:
    """Photos uint8 (n, height, width, 3) and labels int64 (n,) of each part."""

    train: tuple[NDArray[np.uint8], NDArray[np.int64]]
    validation: tuple[NDArray[np.uint8], NDArray[np.int64]]
    test: tuple[NDArray[np.uint8], NDArray[np.int64]]
    classes: int


@dataclass(frozen=True)
class Outcome:
    """What a recipe came to: seconds from the uint8 photos to the test accuracy, and that accuracy (0..1)."""

    seconds: float
    test_accuracy: float


def _arrays(parts: Parts, prepare: Any) -> list[tuple[Any, Any]]:
    return [
        (prepare(photos.astype("float32")), keras.utils.to_categorical(labels, parts.classes))
        for photos, labels in (parts.train, parts.validation, parts.test)
    ]


def _fit(model: keras.Model, arrays: list[tuple[Any, Any]], learning_rate: float, epochs: int) -> float:
    """Trains and returns the test accuracy."""
    (x, y), validation, (x_test, y_test) = arrays
    model.compile(keras.optimizers.Adam(learning_rate), loss="categorical_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5, restore_best_weights=True)
    model.fit(x, y, validation_data=validation, epochs=epochs, batch_size=BATCH_SIZE, callbacks=[stop], verbose=0)
    return float(model.evaluate(x_test, y_test, batch_size=BATCH_SIZE, verbose=0)[1])


def _with_head(base: keras.Model, classes: int) -> keras.Model:
    stack: list[Any] = [base, layers.Flatten()]
    stack += [layers.Dense(units, activation="relu") for units in HEAD]
    return keras.Sequential([*stack, layers.Dense(classes, activation="softmax")])


def recipe_a(parts: Parts, epochs: int) -> Outcome:
    """A small network from scratch."""
    begun_s = time.perf_counter()
    arrays = _arrays(parts, lambda photos: photos / 255)
    model = keras.Sequential(
        [
            keras.Input(arrays[0][0].shape[1:]),
            layers.Conv2D(16, 10, activation="relu"),
            layers.MaxPooling2D(3),
            layers.Conv2D(32, 8, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 6, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            *[layers.Dense(units, activation="relu") for units in HEAD],
            layers.Dense(parts.classes, activation="softmax"),
        ]
    )
    accuracy = _fit(model, arrays, 1e-3, epochs)
    return Outcome(time.perf_counter() - begun_s, accuracy)


def recipes_b_and_c(parts: Parts, epochs: int, base: keras.Model, kind: str, unfreeze_from: str | None) -> list[Outcome]:
    """Transfer learning, then fine-tuning from a layer on; one outcome each.

    Args:
        parts: The photos.
        epochs: Of each.
        base: The known network without its top.
        kind: Key of `PREPROCESSING`.
        unfreeze_from: First layer that learns in C; None: no C.
    """
    begun_s = time.perf_counter()
    arrays = _arrays(parts, PREPROCESSING[kind])
    base.trainable = False
    model = _with_head(base, parts.classes)
    accuracy = _fit(model, arrays, 1e-3, epochs)
    b = Outcome(time.perf_counter() - begun_s, accuracy)
    if unfreeze_from is None:
        return [b]

    begun_s = time.perf_counter()
    base.trainable = True
    first = [layer.name for layer in base.layers].index(unfreeze_from)
    for layer in base.layers:
        # As the Keras guide to fine-tuning says: BatchNormalization stays as it is.
        layer.trainable = base.layers.index(layer) >= first and not isinstance(layer, layers.BatchNormalization)
    accuracy = _fit(model, arrays, 1e-3, epochs)
    return [b, Outcome(time.perf_counter() - begun_s, accuracy)]
