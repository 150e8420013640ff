"""Teaches the starter classifier: VGG16 mini, all layers of it, learns the five kinds of flower.

    TFDS_DATA_DIR=… KERAS_HOME=… python -m tools.starter.teach --photos source_photos.zip [--state pretraining]

It learns from the crops that tools.pretrain.distil made: of tf_flowers' training photos (honest split, without the validation
part), half from their labels and half from what a teacher says of each crop (tools/starter/labels.py); and of everyday photos,
about which it shall be unsure, from equal shares of all five. An epoch shows one crop of every flower photo. An interrupted
call goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from numpy.typing import NDArray

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Settings
from flowerlab.trainer.networks import build
from flowerlab.trainer.prediction import loss_and_accuracy
from flowerlab.trainer.starting_weights import load_starting_weights
from flowerlab.trainer.tfds import read_tfds
from tools.pretrain.crops import Crops, make_crops
from tools.pretrain.photos import CROPS_OF_FLOWER, VALIDATION_FRACTION, crop_sources, flower_positions, read_everyday
from tools.starter.labels import soft_labels

IMAGE_SIZE_PX = 150
EPOCHS = 24
FLOWERS_A_BATCH, OTHERS_A_BATCH = 48, 16
PEAK_RATE = 3e-4
WEIGHT_DECAY = 0.02
WARM_UP_STEPS = 50
SOFT_SHARE = 0.5
OTHERS_WEIGHT = 0.5
SEED = 0


@dataclass(frozen=True)
class Lesson:
    """What there is to learn from.

    Args:
        crops: All crops.
        flowers: int64, (photos, crops of each), positions of the crops of flowers.
        targets: float32, (photos, crops of each, classes), what to say of them.
        others: int64, (m,), positions of the crops of everyday photos.
    """

    crops: Crops
    flowers: NDArray[np.int64]
    targets: NDArray[np.float32]
    others: NDArray[np.int64]


def make_lesson(crops: Crops, labels: NDArray[np.int64]) -> Lesson:
    """Parts crops into flowers and others, and asks the teacher about the flowers.

    Args:
        crops: First of everyday photos, then of the flower photos.
        labels: int64, (flower photos,).
    """
    first = int(crops.sources.max()) + 1 - len(labels)
    places = np.flatnonzero(crops.sources >= first)
    flowers = places[np.argsort(crops.sources[places], kind="stable")].reshape(len(labels), CROPS_OF_FLOWER)
    soft = soft_labels(np.asarray(crops.answers[flowers.ravel()], dtype=np.float32).reshape(*flowers.shape, -1), labels)
    right = float((soft.argmax(axis=-1) == labels[:, np.newaxis]).mean())
    print(f"The teacher names {right:.3f} of the crops of unseen photos rightly.", file=sys.stderr, flush=True)
    sure = np.eye(soft.shape[-1], dtype=np.float32)[labels][:, np.newaxis]
    return Lesson(crops, flowers, SOFT_SHARE * soft + (1 - SOFT_SHARE) * sure, np.flatnonzero(crops.sources < first))


def recipe() -> Recipe:
    """Returns the recipe that comes nearest to what is done here; the rest is in docs/models/starter.md."""
    return Recipe.parse(
        {
            "architecture": "vgg16_mini",
            "unfreeze_from": "all",
            "dataset": "tf_flowers",
            "split": "honest",
            "head": [],
            "image_size": IMAGE_SIZE_PX,
            "epochs": EPOCHS,
            "batch_size": FLOWERS_A_BATCH,
            "learning_rate": PEAK_RATE,
            "validation_fraction": VALIDATION_FRACTION,
            "augment": "standard",
            "patience": EPOCHS,
            "seed": SEED,
        }
    )


def student(home: Home, classes: int) -> keras.Model:
    """Builds the shipped VGG16 mini for photos of any size (−1 to 1) with a pooled head that gives logits."""
    network = build(recipe(), classes)
    load_starting_weights(network, recipe(), home, lambda step, done, total: None)
    assert network.backbone is not None
    photos = tensor = keras.Input((None, None, 3))
    for layer in network.backbone.layers[1:]:
        layer.trainable = True
        tensor = layer(tensor)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(tensor)
    return keras.Model(photos, layers.Dense(classes, name="answer")(pooled))


def rate_at(step: int, total: int) -> float:
    """Returns the learning rate at a step: warm-up, then a cosine down to zero."""
    return PEAK_RATE * min((step + 1) / WARM_UP_STEPS, 1.0) * (1 + math.cos(math.pi * step / total)) / 2


def altered(photos: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Mirrors half the photos and changes the brightness, contrast and tint of each; returns them in −1 to 1."""
    count = len(photos)
    values = photos.astype(np.float32) / 127.5 - 1
    mirrored = rng.random(count) < 0.5
    values[mirrored] = values[mirrored][:, :, ::-1]
    contrast = rng.uniform(0.75, 1.25, (count, 1, 1, 1)) * rng.uniform(0.92, 1.08, (count, 1, 1, 3))
    values = values * contrast.astype(np.float32) + rng.uniform(-0.2, 0.2, (count, 1, 1, 1)).astype(np.float32)
    return np.asarray(np.clip(values, -1, 1), dtype=np.float32)


class Teaching:
    """A student and its optimizer."""

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.optimizer = keras.optimizers.AdamW(PEAK_RATE, weight_decay=WEIGHT_DECAY)
        self.optimizer.build(model.trainable_variables)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def learn(self, photos: Any, targets: Any, weights: Any) -> tuple[Any, Any]:
        """Learns from one batch; returns the loss and the logits."""
        with tf.GradientTape() as tape:
            logits = self.model(photos, training=True)
            losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_sum(losses * weights) / tf.reduce_sum(weights)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        return loss, logits


def logits_of(model: keras.Model, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns float32, (photos, classes)."""
    parts = [
        keras.ops.convert_to_numpy(model.predict_on_batch(photos[begin : begin + 64].astype(np.float32) / 127.5 - 1))
        for begin in range(0, len(photos), 64)
    ]
    return np.concatenate(parts)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns probabilities (n, classes)."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def teach(teaching: Teaching, lesson: Lesson, prepared: Prepared, state: Path) -> None:
    """Teaches to the end of the epochs; every epoch leaves its weights, figures and validation logits."""
    photos, crops_each, classes = lesson.targets.shape
    steps = -(-photos // FLOWERS_A_BATCH)
    epoch = tf.Variable(0, dtype=tf.int64)
    saved = tf.train.Checkpoint(model=teaching.model, optimizer=teaching.optimizer, epoch=epoch)
    keeper = tf.train.CheckpointManager(saved, str(state / "checkpoints"), max_to_keep=1)
    if keeper.latest_checkpoint:
        saved.restore(keeper.latest_checkpoint).assert_existing_objects_matched()
        print(f"Going on after epoch {int(epoch)}.", file=sys.stderr, flush=True)
    validation = prepared.split("honest", VALIDATION_FRACTION).validation
    for number in range(int(epoch), EPOCHS):
        begun_s, losses, right = time.monotonic(), [], 0
        rng = np.random.default_rng([SEED, number])
        order = rng.permutation(photos)
        for step in range(steps):
            chosen = order[step * FLOWERS_A_BATCH : (step + 1) * FLOWERS_A_BATCH]
            others = rng.choice(lesson.others, OTHERS_A_BATCH, replace=False)
            where = np.concatenate([lesson.flowers[chosen, number % crops_each], others])
            wanted = lesson.targets[chosen, number % crops_each]
            targets = np.concatenate([wanted, np.full((len(others), classes), 1 / classes, dtype=np.float32)])
            weights = np.ones(len(where), dtype=np.float32)
            weights[len(chosen) :] = OTHERS_WEIGHT
            teaching.optimizer.learning_rate.assign(rate_at(number * steps + step, EPOCHS * steps))
            loss, logits = teaching.learn(altered(lesson.crops.photos[where], rng), targets, weights)
            losses.append(float(loss))
            right += int((logits.numpy()[: len(chosen)].argmax(axis=1) == wanted.argmax(axis=1)).sum())
        given = logits_of(teaching.model, prepared.photos[validation])
        val_loss, val_accuracy = loss_and_accuracy(softmax(given), prepared.labels[validation])
        line = {
            "epoch": number,
            "loss": float(np.mean(losses)),
            "accuracy": right / photos,
            "val_loss": val_loss,
            "val_accuracy": val_accuracy,
            "seconds": time.monotonic() - begun_s,
        }
        np.save(state / f"val-{number}.npy", given)
        teaching.model.save_weights(state / f"epoch-{number}.weights.h5")
        (state / f"epoch-{number}.json").write_text(json.dumps(line))
        epoch.assign_add(1)
        keeper.save()
        print(json.dumps({name: round(value, 4) for name, value in line.items()}), flush=True)


def flowers_at(home: Home) -> tuple[Originals, Prepared]:
    """Returns tf_flowers as it came, and at the starter's size."""
    originals = gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    return originals, prepare(home, originals, "tf_flowers", image_size=IMAGE_SIZE_PX, resize="squash")


def parsed(description: str | None) -> argparse.Namespace:
    """Reads the arguments that teaching and shipping share: `photos` and `state`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="Zip of everyday photos.")
    parser.add_argument("--state", type=Path, default=Path("pretraining"), help="Folder of the crops and the epochs.")
    return parser.parse_args()


def main() -> None:
    """Teaches; tools.starter.ship then measures and writes what Flowerlab ships."""
    arguments = parsed(__doc__)
    home = Home(Settings.from_environment().home).create()
    originals, prepared = flowers_at(home)
    archive, everyday = read_everyday(arguments.photos)
    crops = make_crops(arguments.state / "crops", crop_sources(archive, everyday, originals))
    state = arguments.state / "starter"
    state.mkdir(exist_ok=True)
    keras.utils.set_random_seed(SEED)
    lesson = make_lesson(crops, originals.labels[flower_positions(originals)])
    teach(Teaching(student(home, len(prepared.classes))), lesson, prepared, state)


if __name__ == "__main__":
    main()
