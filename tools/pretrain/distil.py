"""Teaches vgg16_mini what MobileNetV2 sees, and saves its weights for Flowerlab to ship.

    KERAS_HOME=… TFDS_DATA_DIR=… python -m tools.pretrain.distil --photos source_photos.zip --head head.npz [--steps 12000]

The student sees the same crops as the teacher: every second batch as they were cut, the others altered (tools/pretrain/alter.py).
It learns the teacher's standardised pooled features (mean squared error) and the teacher's answers among 1,001 ImageNet
classes (KL divergence at temperature 2 between both networks' logits through the teacher's head). BatchNormalization helps
while it trains and is folded into the convolutions at the end. An interrupted call goes on where it was; so does one that is
made again with more steps.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from flowerlab.architectures import architecture
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.trainer.starting_weights import load_shipped
from flowerlab.trainer.tfds import read_tfds
from flowerlab.trainer.vgg16_mini import CONVOLUTIONS, WIDTHS, vgg16_mini
from tools.pretrain.crops import STORED_PX, Crops, make_crops
from tools.pretrain.photos import crop_sources, read_everyday

BATCH = 64
PEAK_RATE = 1.5e-3
WEIGHT_DECAY = 0.02
TEMPERATURE = 2.0
WARM_UP_STEPS = 300
# Learning rate: flat, then down to zero over the last part of the steps.
DECAY_SHARE = 0.5
# Crops grow while it trains: (share of the steps from which on, side in pixels). Small ones teach much in little time, large
# ones are nearer to the 150 px at which the lab uses the network.
SIDES_PX = ((0.0, 64), (0.5, 96), (0.85, 112))
SAVE_EVERY = 250
# How many crops give statistics: of the teacher's answers, of features, of each layer's output.
MANY_CROPS, SOME_CROPS, FEW_CROPS = 20_000, 4_096, 512


def student(precision: str = "float32") -> keras.Model:
    """Builds vgg16_mini with BatchNormalization after each convolution, for photos of any size.

    Args:
        precision: Keras' policy for the layers: `float32` or `mixed_bfloat16`. Weights are float32 in either.
    """
    photos = tensor = keras.Input((None, None, 3))
    for block, (width, convolutions) in enumerate(zip(WIDTHS, CONVOLUTIONS, strict=True), start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            tensor = layers.Conv2D(
                width, 3, padding="same", use_bias=False, kernel_initializer="he_normal", dtype=precision, name=name
            )(tensor)
            tensor = layers.BatchNormalization(momentum=0.98, dtype=precision, name=f"{name}_bn")(tensor)
            tensor = layers.ReLU(dtype=precision, name=f"{name}_relu")(tensor)
        tensor = layers.MaxPooling2D(2, dtype=precision, name=f"block{block}_pool")(tensor)
    pooled = layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(tensor)
    return keras.Model(photos, layers.Dense(1280, dtype="float32", name="teacher_features")(pooled))


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


def spread_of(crops: Crops) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns mean and spread of each of the teacher's features: float32, (1280,) each."""
    some = np.asarray(crops.answers[:MANY_CROPS], dtype=np.float32)
    return some.mean(axis=0), some.std(axis=0) + 1e-3


def unfold(trained: keras.Model, plain: keras.Model, crops: Crops) -> None:
    """Puts the weights of a vgg16_mini into a student, whose BatchNormalization then gives what the plain biases gave.

    `folded` undoes it. The layer that gives the teacher's features, which vgg16_mini does not have, is fitted by least squares.

    Args:
        trained: The student.
        plain: vgg16_mini for photos of any size.
        crops: Some thousands of them, plain: their statistics become those of BatchNormalization.
    """
    photos = crops.photos[:SOME_CROPS].astype(np.float32) / 127.5 - 1
    middle, scale = spread_of(crops)
    answers = (crops.answers[:SOME_CROPS].astype(np.float32) - middle) / scale
    for layer in plain.layers:
        if not layer.weights:
            continue
        kernel, bias = layer.get_weights()
        trained.get_layer(layer.name).set_weights([kernel])
        norm = trained.get_layer(f"{layer.name}_bn")
        given = keras.Model(trained.input, norm.input).predict(photos[:FEW_CROPS], batch_size=BATCH, verbose=0)
        mean, variance = given.mean(axis=(0, 1, 2)), given.var(axis=(0, 1, 2))
        norm.set_weights([np.sqrt(variance + norm.epsilon), mean + bias, mean, variance])
    pooled = keras.Model(trained.input, trained.get_layer("pooled").output)
    features = pooled.predict(photos, batch_size=BATCH, verbose=0)
    with_one = np.concatenate([features, np.ones((len(features), 1), dtype=np.float32)], axis=1)
    solved = np.linalg.lstsq(with_one, answers, rcond=None)[0]
    trained.get_layer("teacher_features").set_weights([solved[:-1], solved[-1]])


def rate_at(step: Any, total: int, peak: float) -> Any:
    """Returns the learning rate at a step: warm-up to the peak, flat, then straight down to zero."""
    step = tf.cast(step, tf.float32)
    down = (total - step) / (DECAY_SHARE * total)
    return peak * tf.maximum(tf.minimum(tf.minimum(step / WARM_UP_STEPS, 1.0), down), 0.0)


class Distiller:
    """A student, its optimizer and the losses.

    Args:
        crops: Whose answers give the standard.
        head: The teacher's classifier: (kernel (1280, 1001), bias (1001,)).
        precision: Of the student, see `student`.
    """

    def __init__(self, crops: Crops, head: tuple[NDArray[Any], NDArray[Any]], precision: str) -> None:
        self._mean, self._scale = map(tf.constant, spread_of(crops))
        self._kernel, self._bias = (tf.constant(part.astype(np.float32)) for part in head)
        self.model = student(precision)
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


def batch(crops: Crops, number: int, side_px: int) -> tuple[Any, Any]:
    """Returns a batch of all that ever come: photos at the given side, mirrored half the time, and the teacher's answers."""
    # Crops lie mixed on the disk; a shift and an order of stretches that change with the epoch mix them again.
    batches = len(crops.photos) // BATCH
    epoch, number = divmod(number, batches)
    rng = np.random.default_rng([7, epoch])
    shift = int(rng.integers(0, len(crops.photos) - batches * BATCH + 1))
    begin = shift + int(rng.permutation(batches)[number]) * BATCH
    photos = crops.photos[begin : begin + BATCH]
    if np.random.default_rng([8, epoch, number]).random() < 0.5:
        photos = photos[:, :, ::-1]
    if side_px != photos.shape[1]:
        photos = tf.image.resize(photos, (side_px, side_px), antialias=True)
    return photos, crops.answers[begin : begin + BATCH]


def train(lots: Sequence[Crops], distiller: Distiller, total: int, peak: float, state: Path) -> None:
    """Trains to the last step, going on from the saved state if there is one; saves the folded weights beside it.

    Args:
        lots: Sets of crops that take turns.
        distiller: Whose student is trained.
        total: Steps in all.
        peak: The highest learning rate.
        state: Folder of the checkpoints.
    """
    step = tf.Variable(0, dtype=tf.int64)
    saved = tf.train.Checkpoint(model=distiller.model, optimizer=distiller.optimizer, step=step)
    keeper = tf.train.CheckpointManager(saved, str(state), max_to_keep=2)
    if keeper.latest_checkpoint:
        saved.restore(keeper.latest_checkpoint).assert_existing_objects_matched()
        print(f"Going on at step {int(step)}.", file=sys.stderr, flush=True)
    begun_s, sums = time.monotonic(), np.zeros(3)
    while int(step) < total:
        now = int(step)
        side = max(side for share, side in SIDES_PX if now >= share * total)
        distiller.optimizer.learning_rate.assign(rate_at(now, total, peak))
        squared, divergence = distiller.learn(*batch(lots[now % len(lots)], now // len(lots), side))
        sums += (float(squared), float(divergence), 1)
        step.assign_add(1)
        if (now + 1) % SAVE_EVERY == 0 or now + 1 == total:
            keeper.save()
            line = {
                "step": now + 1,
                "of": total,
                "side_px": side,
                "squared": round(sums[0] / sums[2], 4),
                "divergence": round(sums[1] / sums[2], 4),
                "seconds": round(time.monotonic() - begun_s),
            }
            print(json.dumps(line), flush=True)
            sums[:] = 0
            folded(distiller.model).save_weights(state / "folded.weights.h5")


def main() -> None:
    """Makes the crops, trains, and saves the folded float32 weights in the state folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="Zip of everyday photos.")
    parser.add_argument("--head", type=Path, required=True, help="The teacher's classifier: npz with kernel and bias.")
    parser.add_argument("--state", type=Path, default=Path("pretraining"), help="Folder for crops and checkpoints.")
    parser.add_argument("--steps", type=int, default=10_000, help="Batches of 64 crops. Default: 10,000.")
    parser.add_argument("--rate", type=float, default=PEAK_RATE, help=f"The highest learning rate. Default: {PEAK_RATE}.")
    parser.add_argument("--begin-with", choices=["random", "shipped"], default="random", help="Default: random.")
    parser.add_argument(
        "--precision",
        choices=["float32", "mixed_bfloat16"],
        default="float32",
        help="Of the student's layers. Default: float32; mixed_bfloat16 is quicker where the processor has it.",
    )
    arguments = parser.parse_args()
    archive, everyday = read_everyday(arguments.photos)
    home = Home(Settings.from_environment().home).create()
    flowers = gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    plain = make_crops(arguments.state / "crops", crop_sources(archive, everyday, flowers))
    sources = crop_sources(archive, everyday, flowers, alter=True)
    others = make_crops(arguments.state / "altered", sources, seed=1, alter=True)
    with np.load(arguments.head) as head:
        distiller = Distiller(plain, (head["kernel"], head["bias"]), arguments.precision)
    if arguments.begin_with == "shipped":
        shipped = vgg16_mini((STORED_PX, STORED_PX, 3))
        load_shipped(shipped, architecture("vgg16_mini"))
        unfold(distiller.model, shipped, plain)
    train((plain, others), distiller, arguments.steps, arguments.rate, arguments.state / "checkpoints")


if __name__ == "__main__":
    main()
