"""The stream of training photos."""

from __future__ import annotations

import itertools

import numpy as np

from flowerlab.trainer.batches import training_batches

PHOTOS = np.arange(10, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.uint8)
LABELS = np.arange(10, dtype=np.int64) % 3


def epoch_of(first_epoch: int) -> list[int]:
    """Returns which photos the first epoch of a stream that begins there holds, in their order."""
    stream = training_batches(PHOTOS, LABELS, np.arange(2, 10), classes=3, batch_size=3, seed=5, first_epoch=first_epoch)
    batches = itertools.islice(stream.as_numpy_iterator(), 3)
    return [int(photo[0, 0, 0]) for photos, _labels in batches for photo in photos]


def test_an_epoch_holds_every_training_photo_once_in_an_order_of_its_own() -> None:
    """Claim: each epoch shows every training photo once, in another order than the epoch before, which is always the same."""
    assert sorted(epoch_of(0)) == sorted(epoch_of(1)) == list(range(2, 10))
    assert epoch_of(0) != epoch_of(1)
    assert epoch_of(1) == epoch_of(1)


def test_nothing_tunes_the_stream() -> None:
    """Claim: TensorFlow's tuner is off for the stream: its thread would hold up the end of a training by up to half a minute."""
    stream = training_batches(PHOTOS, LABELS, np.arange(10), classes=3, batch_size=4, seed=0)
    assert stream.options().autotune.enabled is False
