"""The pass of photos through frozen layers, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flowerlab.architectures import Architecture
from flowerlab.features.sets import views_name
from flowerlab.photos.augmentation import copy_of
from flowerlab.trainer.networks import part_of, preprocessing_of

# Larger batches are no faster (VGG16, MobileNetV2 on two cores), and Stop would wait for them.
BATCH = 16

# Gives the rows from `begin` to `end`: (end - begin, …).
Rows = Callable[[int, int], NDArray[Any]]


@dataclass(frozen=True)
class Views:
    """Changed copies of the training photos that go through the frozen layers instead of the photos themselves.

    Args:
        how: Augmentation, see `flowerlab.photos.augmentation`.
        training: int64, (n,), positions of the training photos.
    """

    how: str
    seed: int
    copies: int
    training: NDArray[np.int64]

    def __len__(self) -> int:
        """How many copies there are in all."""
        return self.copies * len(self.training)

    @property
    def name(self) -> str:
        """What distinguishes these views from others of the same photos."""
        return views_name(self.how, self.seed, self.copies, self.training)

    def rows(self, photos: NDArray[np.uint8]) -> Rows:
        """Returns what gives the changed photos: first one copy of each photo, then the next."""

        def read(begin: int, end: int) -> NDArray[np.uint8]:
            return np.stack(
                [copy_of(photos[self.training[row % len(self.training)]], self.how, self.seed, row) for row in range(begin, end)]
            )

        return read


def run_layers(
    backbone: keras.Model, chosen: Architecture, begin: int, end: int, rows: Rows, total: int
) -> Iterator[NDArray[np.float32]]:
    """Yields the output of a known network's layers from `begin` to `end`, batch by batch; the next batch is read meanwhile.

    Args:
        begin: Index of the first layer; 0: the rows are photos, which are preprocessed first.
        end: Index after the last layer.
        rows: Photos, or the output of the layer before `begin`.
    """
    part = part_of(backbone, begin, end)
    assert part is not None
    prepare = preprocessing_of(chosen) if begin == 0 else (lambda values: values)

    first_rows = rows(0, 1)
    # The number of rows is left open: the last, smaller batch is no new shape.
    signature = [tf.TensorSpec((None, *first_rows.shape[1:]), first_rows.dtype)]

    @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]
    def forward(batch: tf.Tensor) -> tf.Tensor:
        return tf.cast(part(prepare(tf.cast(batch, tf.float32)), training=False), tf.float32)

    with ThreadPoolExecutor(max_workers=1) as reader:
        following = reader.submit(rows, 0, min(BATCH, total))
        for first in range(0, total, BATCH):
            batch = following.result()
            if first + BATCH < total:
                following = reader.submit(rows, first + BATCH, min(first + 2 * BATCH, total))
            yield forward(tf.constant(batch)).numpy()
