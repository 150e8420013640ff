"""Sets the threshold and the scale of a backbone's last layer, channel by channel, such that few places answer strongly.

    TFDS_DATA_DIR=… python -m tools.pretrain.sharpen --photos source_photos.zip [--weights folded.weights.h5] [--compare]

Distilling leaves features that are rarely zero and have a large mean: a linear probe does not mind, but the lecture's head,
which learns for five epochs with Adam at 0.001, hardly gets going on them; and where features are large, its first steps are,
too. A convolution followed by ReLU can be moved and scaled without changing the network's form: the threshold that a share of
all places does not reach is taken off its bias, and both are scaled to a spread. Threshold and spread are those on photos that
the backbone learnt from. `--compare` says what other shares and spreads come to, by recipe B on tf_flowers' validation photos.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.home import Home
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.settings import Settings
from flowerlab.trainer.tfds import read_tfds
from flowerlab.trainer.vgg16_mini import vgg16_mini
from tools.pretrain.photos import VALIDATION_FRACTION, read_everyday

LAST = "block5_conv3"
IMAGE_SIZE_PX = 150
EVERYDAY_PHOTOS = 2048
BATCH = 32
SHARES = (0.4, 0.6, 0.8, 0.9)
SPREADS = (0.05, 0.15, 0.25, 0.5, 1.0)
SILENT_SHARE, SPREAD = 0.8, 0.15
SEEDS = range(8)


def sharpen(network: keras.Model, photos: NDArray[np.uint8], silent_share: float = SILENT_SHARE, spread: float = SPREAD) -> None:
    """Changes the last layer's weights in place.

    Args:
        network: vgg16_mini.
        photos: uint8, (n, height, width, 3), of the network's size.
        silent_share: Share of places at which a channel gives nothing, 0..1.
        spread: Standard deviation of what a channel gives, over all places.
    """
    before = before_threshold(network, photos).reshape(-1, network.output_shape[-1])
    threshold = np.quantile(before, silent_share, axis=0)
    scale = spread / (np.maximum(before - threshold, 0).std(axis=0) + 1e-6)
    kernel, bias = network.get_layer(LAST).get_weights()
    network.get_layer(LAST).set_weights([kernel * scale, (bias - threshold) * scale])


def before_threshold(network: keras.Model, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns what the last convolution gives before its ReLU: float32, (photos, height, width, channels)."""
    last = network.get_layer(LAST)
    linear = keras.layers.Conv2D(last.filters, 3, padding="same")
    model = keras.Model(network.input, linear(last.input))
    linear.set_weights(last.get_weights())
    parts = [
        keras.ops.convert_to_numpy(model.predict_on_batch(photos[begin : begin + BATCH].astype(np.float32) / 127.5 - 1))
        for begin in range(0, len(photos), BATCH)
    ]
    return np.concatenate(parts)


def recipe_b(network: keras.Model, prepared: Prepared) -> str:
    """Returns what the lecture's B reaches on the validation photos after five epochs: mean and spread over seeds."""
    split = prepared.split("honest", VALIDATION_FRACTION)
    answers = keras.utils.to_categorical(prepared.labels, len(prepared.classes))

    def features(positions: NDArray[np.int64]) -> Any:
        photos = prepared.photos[positions].astype(np.float32) / 127.5 - 1
        return network.predict(photos, batch_size=BATCH, verbose=0)

    known, asked = features(split.train), features(split.validation)
    right = []
    for seed in SEEDS:
        keras.utils.set_random_seed(seed)
        head = keras.Sequential(
            [
                keras.Input(known.shape[1:]),
                keras.layers.Flatten(),
                keras.layers.Dense(50, activation="relu"),
                keras.layers.Dense(20, activation="relu"),
                keras.layers.Dense(len(prepared.classes), activation="softmax"),
            ]
        )
        head.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        head.fit(known, answers[split.train], batch_size=32, epochs=5, verbose=0)
        right.append(head.evaluate(asked, answers[split.validation], verbose=0)[1])
    return f"B {np.mean(right):.3f} on the validation photos, ± {np.std(right):.3f} over {len(right)} seeds"


def main() -> None:
    """Sharpens a file's weights and writes them beside it, or compares shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True, help="Zip of everyday photos.")
    parser.add_argument(
        "--weights", type=Path, default=Path("pretraining/checkpoints/folded.weights.h5"), help="What distil saved."
    )
    parser.add_argument("--compare", action="store_true", help="Say what shares come to; write nothing.")
    arguments = parser.parse_args()
    home = Home(Settings.from_environment().home).create()
    originals = gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    prepared = prepare(home, originals, "tf_flowers", image_size=IMAGE_SIZE_PX, resize="squash")
    archive, everyday = read_everyday(arguments.photos)
    chosen = np.random.default_rng(0).permutation(len(everyday.training))[:EVERYDAY_PHOTOS]
    learnt = np.concatenate(
        [
            prepared.photos[prepared.split("honest", VALIDATION_FRACTION).train],
            np.stack(
                [
                    resize_photo(read_photo(archive.read(everyday.training[place]), "a photo"), IMAGE_SIZE_PX, "squash")
                    for place in chosen
                ]
            ),
        ]
    )
    if arguments.compare:
        pairs = [(share, SPREAD) for share in SHARES] + [(SILENT_SHARE, spread) for spread in SPREADS]
        for pair in (None, *dict.fromkeys(pairs)):
            network = _read(arguments.weights)
            if pair is not None:
                sharpen(network, learnt, *pair)
            name = "as it is" if pair is None else f"silent share {pair[0]}, spread {pair[1]}"
            print(f"{name}: {recipe_b(network, prepared)}", flush=True)
        return
    network = _read(arguments.weights)
    sharpen(network, learnt)
    target = arguments.weights.with_name("sharpened.weights.h5")
    network.save_weights(target)
    print(f"{target}", file=sys.stderr)


def _read(weights: Path) -> keras.Model:
    network = vgg16_mini((IMAGE_SIZE_PX, IMAGE_SIZE_PX, 3))
    network.load_weights(weights)
    return network


if __name__ == "__main__":
    main()
