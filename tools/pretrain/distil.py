"""Teaches vgg16_mini what MobileNetV2 sees, and saves its weights for Flowerlab to ship.

    KERAS_HOME=… TFDS_DATA_DIR=… python -m tools.pretrain.distil --photos source_photos.zip --head head.npz [--epochs 6]

The student sees the same crops as the teacher. It learns to tell the teacher's standardised pooled features (mean squared
error) and the teacher's answers among 1,001 ImageNet classes (KL divergence at temperature 2 between both networks' logits
through the teacher's head). BatchNormalization helps while it trains and is folded into the convolutions at the end.
An interrupted call goes on where it was; a higher --epochs trains on.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.trainer.tf_flowers import gather_tf_flowers
from flowerlab.trainer.vgg16_mini import CONVOLUTIONS, WIDTHS, vgg16_mini
from tools.pretrain.crops import Crops, make_crops
from tools.pretrain.photos import crop_sources, read_everyday

BATCH = 64
PEAK_RATE = 1.5e-3
WEIGHT_DECAY = 0.02
TEMPERATURE = 2.0
WARM_UP_STEPS = 300
# Learning rate: flat, then down to zero over the last part of the epochs.
DECAY_SHARE = 0.4
# Crops grow while it trains: (share of the steps from which on, side in pixels). Small ones teach much in little time, large
# ones are nearer to the 150 px at which the lab uses the network.
SIDES_PX = ((0.0, 64), (0.55, 80), (0.92, 112))
SAVE_EVERY = 250


def student() -> keras.Model:
    """Builds vgg16_mini with BatchNormalization behind each convolution, for photos of any size."""
    photos = tensor = keras.Input((None, None, 3))
    for block, (width, convolutions) in enumerate(zip(WIDTHS, CONVOLUTIONS, strict=True), start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            tensor = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(
                tensor
            )
            tensor = layers.BatchNormalization(momentum=0.98, name=f"{name}_bn")(tensor)
            tensor = layers.ReLU(name=f"{name}_relu")(tensor)
        tensor = layers.MaxPooling2D(2, name=f"block{block}_pool")(tensor)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(tensor)
    return keras.Model(photos, layers.Dense(1280, name="teacher_features")(pooled))


def folded(trained: keras.Model, image_size_px: int = 150) -> keras.Model:
    """Returns vgg16_mini with the BatchNormalization of a trained student folded into its convolutions."""
    plain = vgg16_mini((image_size_px, image_size_px, 3))
    for layer in plain.layers:
        if not layer.weights:
            continue
        kernel = trained.get_layer(layer.name).get_weights()[0]
        norm = trained.get_layer(f"{layer.name}_bn")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        layer.set_weights([kernel * scale, beta - mean * scale])
    return plain


def rate_at(step: Any, total: int) -> Any:
    """Returns the learning rate at a step: warm-up, flat, then straight down to zero."""
    step = tf.cast(step, tf.float32)
    down = (total - step) / (DECAY_SHARE * total)
    return PEAK_RATE * tf.maximum(tf.minimum(tf.minimum(step / WARM_UP_STEPS, 1.0), down), 0.0)


class Distiller:
    """A student, its optimizer and the losses.

    Args:
        crops: What to learn from.
        head: The teacher's classifier: (kernel (1280, 1001), bias (1001,)).
    """

    def __init__(self, crops: Crops, head: tuple[NDArray[Any], NDArray[Any]]) -> None:
        some = np.asarray(crops.answers[:20_000], dtype=np.float32)
        self._mean = tf.constant(some.mean(axis=0))
        self._scale = tf.constant(some.std(axis=0) + 1e-3)
        self._kernel, self._bias = (tf.constant(part.astype(np.float32)) for part in head)
        self.model = student()
        self.optimizer = keras.optimizers.AdamW(PEAK_RATE, weight_decay=WEIGHT_DECAY)
        self.optimizer.build(self.model.trainable_variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def learn(self, photos: Any, answers: Any) -> tuple[Any, Any]:
        """Learns from one batch; returns (squared error, divergence)."""
        inputs = tf.cast(photos, tf.float32) / 127.5 - 1.0
        answers = tf.cast(answers, tf.float32)
        with tf.GradientTape() as tape:
            guess = self.model(inputs, training=True)
            squared = tf.reduce_mean(tf.square(guess - (answers - self._mean) / self._scale))
            divergence = self._divergence(answers, guess * self._scale + self._mean)
            loss = squared + divergence
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return squared, divergence

    def _divergence(self, teacher: Any, guess: Any) -> Any:
        wanted = tf.nn.log_softmax((teacher @ self._kernel + self._bias) / TEMPERATURE)
        given = tf.nn.log_softmax((guess @ self._kernel + self._bias) / TEMPERATURE)
        return TEMPERATURE**2 * tf.reduce_mean(tf.reduce_sum(tf.exp(wanted) * (wanted - given), axis=-1))


def batch(crops: Crops, epoch: int, number: int, side_px: int) -> tuple[Any, Any]:
    """Returns one batch of an epoch: photos at the given side, mirrored half the time, and the teacher's answers."""
    # Crops lie mixed on the disk; a shift and an order of stretches that change with the epoch mix them anew.
    rng = np.random.default_rng([7, epoch])
    batches = len(crops.photos) // BATCH
    shift = int(rng.integers(0, len(crops.photos) - batches * BATCH + 1))
    begin = shift + int(rng.permutation(batches)[number]) * BATCH
    photos = crops.photos[begin : begin + BATCH]
    if np.random.default_rng([8, epoch, number]).random() < 0.5:
        photos = photos[:, :, ::-1]
    if side_px != photos.shape[1]:
        photos = tf.image.resize(photos, (side_px, side_px), antialias=True)
    return photos, crops.answers[begin : begin + BATCH]


def train(crops: Crops, head: tuple[NDArray[Any], NDArray[Any]], epochs: float, state: Path) -> keras.Model:
    """Trains to the end of the epochs, going on from the saved state if there is one; returns the student."""
    distiller = Distiller(crops, head)
    step = tf.Variable(0, dtype=tf.int64)
    saved = tf.train.Checkpoint(model=distiller.model, optimizer=distiller.optimizer, step=step)
    keeper = tf.train.CheckpointManager(saved, str(state), max_to_keep=2)
    if keeper.latest_checkpoint:
        saved.restore(keeper.latest_checkpoint).assert_existing_objects_matched()
        print(f"Going on at step {int(step)}.", file=sys.stderr, flush=True)
    per_epoch = len(crops.photos) // BATCH
    total = round(epochs * per_epoch)
    begun_s, sums = time.monotonic(), np.zeros(3)
    while int(step) < total:
        now = int(step)
        side = max(side for share, side in SIDES_PX if now >= share * total)
        distiller.optimizer.learning_rate.assign(rate_at(now, total))
        squared, divergence = distiller.learn(*batch(crops, now // per_epoch, now % per_epoch, side))
        sums += (float(squared), float(divergence), 1)
        step.assign_add(1)
        if (now + 1) % SAVE_EVERY == 0 or now + 1 == total:
            keeper.save()
            line = {
                "step": now + 1, "of": total, "side_px": side, "squared": round(sums[0] / sums[2], 4),
                "divergence": round(sums[1] / sums[2], 4), "seconds": round(time.monotonic() - begun_s),
            }  # fmt: skip
            print(json.dumps(line), flush=True)
            sums[:] = 0
            folded(distiller.model).save_weights(state / "folded.weights.h5")
    return distiller.model


def main() -> None:
    """Makes the crops, trains, and saves the folded float32 weights in the state folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="Zip of everyday photos.")
    parser.add_argument("--head", type=Path, required=True, help="The teacher's classifier: npz with kernel and bias.")
    parser.add_argument("--state", type=Path, default=Path("pretraining"), help="Folder for crops and checkpoints.")
    parser.add_argument("--epochs", type=float, default=6.0, help="Times that every crop is seen. Default: 6.")
    arguments = parser.parse_args()
    archive, everyday = read_everyday(arguments.photos)
    flowers = gather(
        Home(Settings.from_environment().home).create(), "tf_flowers", Garden(), tf_flowers=gather_tf_flowers
    )
    crops = make_crops(arguments.state / "crops", crop_sources(archive, everyday, flowers))
    with np.load(arguments.head) as head:
        train(crops, (head["kernel"], head["bias"]), arguments.epochs, arguments.state / "checkpoints")


if __name__ == "__main__":
    main()
