"""Photos in batches, in an order that depends on (seed, epoch) alone.

Keras' own seeded shuffle repeats one order in every epoch, and depends on where training began. Here a run that is
resumed in epoch 7 sees the batches that an unbroken one would have seen.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flowerlab.photos.augmentation import augment, copy_of


def order_of_epoch(indexes: NDArray[np.int64], seed: int, epoch: int) -> NDArray[np.int64]:
    """Returns the training photos of one epoch in their order: int64, (n,)."""
    return np.random.default_rng((seed, epoch)).permutation(indexes)


def training_batches(
    inputs: NDArray[Any],
    labels: NDArray[np.int64],
    positions: NDArray[np.int64],
    *,
    classes: int,
    batch_size: int,
    seed: int,
    how: str = "none",
    first_epoch: int = 0,
    copies: int = 0,
    views: NDArray[Any] | None = None,
) -> tf.data.Dataset:
    """Returns an endless stream of (inputs, one-hot labels), epoch after epoch.

    Args:
        inputs: Photos uint8 (n, height, width, 3) or features float16/float32 (n, …), memory-mapped.
        labels: int64, (n,).
        positions: int64, which of them train.
        seed: Of the order and the augmentation.
        how: Augmentation, see `flowerlab.photos.augmentation`.
        copies: Of each photo, between which every epoch draws; 0: every epoch changes it in another way.
        views: Features of these copies, (copies × training photos, …): first one copy of each photo, then the next. None: the
            copies are made of the inputs when they are drawn.

    Returns:
        Batches of float32 (batch, …) and float32 (batch, classes).
    """
    one_hot = np.eye(classes, dtype=np.float32)
    indexes = np.arange(len(positions))

    def stream() -> Iterator[tuple[NDArray[Any], NDArray[np.float32]]]:
        for epoch in itertools.count(first_epoch):
            order = order_of_epoch(indexes, seed, epoch)
            # A second stream of numbers, so that switching augmentation on leaves the order as it was.
            changes = np.random.default_rng((seed, epoch, 1))
            for begin in range(0, len(order), batch_size):
                drawn = order[begin : begin + batch_size]
                chosen = positions[drawn]
                if copies:
                    rows = changes.integers(copies, size=len(drawn)) * len(positions) + drawn
                    batch = _copies(inputs, chosen, how, seed, rows) if views is None else views[rows]
                elif how != "none":
                    batch = augment(inputs[chosen], how, changes)
                else:
                    batch = inputs[chosen]
                yield batch, one_hot[labels[chosen]]

    signature = (
        tf.TensorSpec((None, *inputs.shape[1:]), inputs.dtype if views is None else views.dtype),
        tf.TensorSpec((None, classes), tf.float32),
    )
    dataset = tf.data.Dataset.from_generator(stream, output_signature=signature)
    options = tf.data.Options()
    # There is nothing to tune, and the thread that would do it sometimes sleeps through the end of the training: for up to half a
    # minute nothing happens.
    options.autotune.enabled = False
    return dataset.map(lambda batch, answer: (tf.cast(batch, tf.float32), answer)).prefetch(2).with_options(options)


def _copies(
    photos: NDArray[np.uint8], chosen: NDArray[np.int64], how: str, seed: int, rows: NDArray[np.int64]
) -> NDArray[np.uint8]:
    return np.stack(
        [copy_of(photos[position], how, seed, row) for position, row in zip(chosen.tolist(), rows.tolist(), strict=True)]
    )
