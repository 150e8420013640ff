"""A training of nothing, by a trainer that waits: what TensorFlow and Keras load at the first training is loaded before it."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from flowerlab.trainer.batches import training_batches

SIDE_PX, PHOTOS, CLASSES = 8, 4, 2


def rehearse() -> None:
    """Trains a tiny network on black photos and forgets it; takes about a second, and saves it at the first run."""
    model = keras.Sequential([
        keras.Input((SIDE_PX, SIDE_PX, 3)),
        layers.Rescaling(1 / 255), layers.Conv2D(2, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten(),
        layers.Dense(2, activation="relu"), layers.Dense(CLASSES, activation="softmax"),
    ])  # fmt: skip
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    photos = np.zeros((PHOTOS, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
    labels = np.arange(PHOTOS, dtype=np.int64) % CLASSES
    stream = training_batches(photos, labels, np.arange(PHOTOS), classes=CLASSES, batch_size=2, seed=0)
    model.fit(stream, epochs=1, steps_per_epoch=PHOTOS // 2, shuffle=False, verbose=0)
    model.predict_on_batch(photos.astype(np.float32))
    keras.utils.clear_session(free_memory=True)
