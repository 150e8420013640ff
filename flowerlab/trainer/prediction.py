"""What a network answers to photos or features, in pieces between which Stop is heeded."""

from __future__ import annotations

import time
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.runs.events import Evaluating
from flowerlab.trainer.channel import EVENT_EVERY_S, Channel

# Photos: so few that Stop need not wait long for VGG16 on two slow cores. Features have gone through most of it.
PHOTOS_CHUNK, FEATURES_CHUNK = 16, 64
# Keras clips probabilities to this before the logarithm (keras.config.epsilon()).
EPSILON = 1e-7


def predict(
    model: keras.Model, inputs: NDArray[Any], positions: NDArray[np.int64], channel: Channel, *, tests: bool = False
) -> NDArray[np.float32]:
    """Classifies some of the inputs.

    Args:
        model: Inputs → probabilities.
        inputs: (n, …), memory-mapped.
        positions: int64, (m,), which of them.
        channel: Asked between batches whether to stop.
        tests: Whether it says how far the test is.

    Returns:
        float32, (m, classes).
    """
    parts = []
    said_s = -1.0
    chunk_size = PHOTOS_CHUNK if inputs.dtype == np.uint8 else FEATURES_CHUNK
    for begin in range(0, len(positions), chunk_size):
        channel.check()
        if tests and time.monotonic() - said_s > EVENT_EVERY_S:
            said_s = time.monotonic()
            channel.say(Evaluating(**channel.job.stamp, done=begin, total=len(positions)))
        parts.append(predict_chunk(model, inputs[positions[begin : begin + chunk_size]]))
    if tests:
        channel.say(Evaluating(**channel.job.stamp, done=len(positions), total=len(positions)))
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), dtype=np.float32)


def predict_chunk(model: keras.Model, chunk: NDArray[Any]) -> NDArray[np.float32]:
    """Classifies inputs (n, …) of any kind of number at once; returns float32, (n, classes)."""
    return keras.ops.convert_to_numpy(model.predict_on_batch(chunk.astype(np.float32))).astype(np.float32)  # type: ignore[no-any-return]


def loss_and_accuracy(probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Returns (mean categorical cross-entropy, accuracy) of probabilities (n, classes), as Keras computes them."""
    chosen = np.clip(probabilities[np.arange(len(truth)), truth].astype(np.float64), EPSILON, 1 - EPSILON)
    return float(-np.log(chosen).mean()), float((probabilities.argmax(axis=1) == truth).mean())
