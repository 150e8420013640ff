"""Measures what a backbone is worth: a logistic regression on its pooled features of tf_flowers, honest split, 150 px.

    TFDS_DATA_DIR=… python -m tools.pretrain.probe [--weights pretraining/checkpoints/folded.weights.h5 | shipped | none]

The regression learns from the training and validation photos; its strength is chosen on the validation photos, after learning
from the training photos alone. The test photos are used once.
"""

from __future__ import annotations

import argparse
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from flowerlab.architectures import architecture
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Settings
from flowerlab.trainer.networks import Network, build, preprocessing_of
from flowerlab.trainer.starting_weights import load_starting_weights
from flowerlab.trainer.tfds import read_tfds

IMAGE_SIZE_PX = 150
STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)


def pooled_features(network: Network, recipe: Recipe, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Returns the mean over width and height of a backbone's output: float32, (photos, channels)."""
    assert network.backbone is not None
    prepare, parts = preprocessing_of(recipe.chosen), []
    for begin in range(0, len(photos), 32):
        output = network.backbone.predict_on_batch(prepare(photos[begin : begin + 32].astype(np.float32)))
        parts.append(np.asarray(output, dtype=np.float32).mean(axis=(1, 2)))
    return np.concatenate(parts)


def probe(features: NDArray[Any], prepared: Prepared) -> tuple[float, float, int]:
    """Returns (test accuracy, the chosen strength, test photos)."""
    split, labels = prepared.split("honest", 0.2), prepared.labels

    def fitted(strength: float, positions: NDArray[np.int64]) -> Any:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=3000))
        return model.fit(features[positions], labels[positions])

    def right(model: Any, positions: NDArray[np.int64]) -> float:
        return float(model.score(features[positions], labels[positions]))

    best = max(STRENGTHS, key=lambda strength: right(fitted(strength, split.train), split.validation))
    return right(fitted(best, np.concatenate([split.train, split.validation])), split.test), best, len(split.test)


def main() -> None:
    """Measures and prints one line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", default="vgg16_mini")
    parser.add_argument("--weights", default="shipped", help="shipped, none, or a file that Keras wrote. Default: shipped.")
    arguments = parser.parse_args()
    home = Home(Settings.from_environment().home).create()
    originals = gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    prepared = prepare(home, originals, "tf_flowers", image_size=IMAGE_SIZE_PX, resize="squash")
    recipe = Recipe.parse(
        {
            "architecture": arguments.architecture,
            "unfreeze_from": "none",
            "image_size": IMAGE_SIZE_PX,
            "weights": architecture(arguments.architecture).pretrained if arguments.weights == "shipped" else "none",
        }
    )
    keras.utils.set_random_seed(0)
    network = build(recipe, len(prepared.classes))
    load_starting_weights(network, recipe, home, lambda step, done, total: None)
    if arguments.weights not in ("shipped", "none"):
        assert network.backbone is not None
        network.backbone.load_weights(arguments.weights)
    accuracy, strength, photos = probe(pooled_features(network, recipe, prepared.photos), prepared)
    low, high = accuracy_interval(accuracy, photos)
    print(
        f"{arguments.architecture}, weights {arguments.weights}: linear probe {accuracy:.3f} "
        f"({low:.3f}–{high:.3f}) on {photos:,} test photos, C={strength}"
    )


if __name__ == "__main__":
    main()
