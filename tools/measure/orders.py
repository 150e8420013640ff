"""Compares orders of photos: one for all epochs, as Keras' `fit` has it with a seed set, or a new one in each epoch.

    python -m tools.measure.orders [--trainings 40] [--pictures 1000]

Trains the lecture's head on VGG16 mini's features, in plain Keras, so many times in each way.
"""

from __future__ import annotations

import statistics
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import prepare
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.trainer.networks import build
from flowerlab.trainer.starting_weights import load_starting_weights
from tools.bench.plain_keras import BATCH_SIZE, HEAD, PREPROCESSING
from tools.measure.harness import own_home, parser, print_heading, print_row

NETWORK, IMAGE_SIZE, EPOCHS = "vgg16_mini", 150, 5
# Features float32 (n, height, width, channels) and one-hot labels float32 (n, classes) of a part.
Part = tuple[NDArray[np.float32], NDArray[np.float32]]


def features(pictures: int) -> list[Part]:
    """Returns the training, validation and test photos of the garden as features of VGG16 mini."""
    with own_home() as folder:
        home = Home(folder).create()
        originals = gather(home, "garden", Garden(pictures))
        prepared = prepare(home, originals, "garden", image_size=IMAGE_SIZE, resize="squash")
        recipe = Recipe.parse({"architecture": NETWORK, "weights": "flowerlab", "image_size": IMAGE_SIZE})
        network = build(recipe, len(prepared.classes))
        load_starting_weights(network, recipe, home, lambda step, done, total: None)
        assert network.backbone is not None
        split = prepared.split("honest", 0.2)
        return [
            (
                network.backbone.predict(PREPROCESSING[NETWORK](prepared.photos[part].astype("float32")), verbose=0),
                keras.utils.to_categorical(prepared.labels[part], len(prepared.classes)),
            )
            for part in (split.train, split.validation, split.test)
        ]


def trained(parts: list[Part], *, seed: int | None, reorders: bool) -> float:
    """Trains a head and returns its test accuracy in its best epoch.

    Args:
        parts: From `features`.
        seed: Keras' own; None: none is set.
        reorders: Whether the photos are put into a new order before each epoch, instead of by `fit`.
    """
    if seed is not None:
        keras.utils.set_random_seed(seed)
    (x, y), validation, test = parts
    head: list[Any] = [layers.Dense(units, activation="relu") for units in HEAD]
    model = keras.Sequential([keras.Input(x.shape[1:]), layers.Flatten(), *head, layers.Dense(y.shape[1], activation="softmax")])
    model.compile(keras.optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    if not reorders:
        stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=EPOCHS, restore_best_weights=True)
        model.fit(x, y, validation_data=validation, epochs=EPOCHS, batch_size=BATCH_SIZE, callbacks=[stop], verbose=0)
        return float(model.evaluate(*test, verbose=0)[1])
    best, kept, orders = -1.0, model.get_weights(), np.random.default_rng(seed)
    for _ in range(EPOCHS):
        order = orders.permutation(len(x))
        model.fit(x[order], y[order], batch_size=BATCH_SIZE, shuffle=False, verbose=0)
        accuracy = float(model.evaluate(*validation, verbose=0)[1])
        if accuracy > best:
            best, kept = accuracy, model.get_weights()
    model.set_weights(kept)
    return float(model.evaluate(*test, verbose=0)[1])


def main() -> None:
    """Trains and prints one line a way."""
    arguments = parser(__doc__, trainings=(40, "Of each way, at least 2."), pictures=(1000, "Of the garden.")).parse_args()
    parts = features(arguments.pictures)
    print_heading("way", "mean test accuracy", "standard error")
    for words, seeded, reorders in (
        ("a seed, shuffled by fit", True, False),
        ("no seed, shuffled by fit", False, False),
        ("a seed, a new order in each epoch", True, True),
    ):
        found = [trained(parts, seed=seed if seeded else None, reorders=reorders) for seed in range(arguments.trainings)]
        error = statistics.stdev(found) / len(found) ** 0.5
        print_row(words, f"{statistics.mean(found):.1%}", f"{error:.2%}")


if __name__ == "__main__":
    main()
