"""Trainings of nothing, by a trainer that waits: the lecture's networks are built, compiled and traced before a run needs them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from flowerlab.features.precision import training_precision
from flowerlab.recipe.presets import preset_recipe
from flowerlab.settings import Wish
from flowerlab.trainer.batches import training_batches
from flowerlab.trainer.mixed_precision import computing_in
from flowerlab.trainer.model_pool import ModelPool
from flowerlab.trainer.networks import build, make_trainable
from flowerlab.trainer.prediction import PHOTOS_CHUNK, predict_chunk

# Of tf_flowers and of the garden. Another dataset, head or image size finds TensorFlow loaded, and traces its own network.
CLASSES = 5
# The two that a class begins with, as the form and the lecture's buttons start them where no ImageNet weights are here.
RECIPES = (preset_recipe("A"), preset_recipe("B", architecture="vgg16_mini"))


def rehearse(pool: ModelPool, wish: Wish, wanted: Callable[[], bool]) -> None:
    """Trains each network for a batch of black photos and puts it into the pool; one or two seconds each.

    Args:
        wish: The setting of the precision in which runs will train.
        wanted: Whether a run waits: then what is left is not rehearsed.
    """
    for recipe in RECIPES:
        if wanted():
            return
        precision = training_precision(wish, recipe)
        network = pool.exchange(build(recipe, CLASSES), recipe, CLASSES, precision)
        model = network.model if network.rest is None else network.rest
        make_trainable(model, recipe)
        kind = np.uint8 if network.rest is None else np.float16
        black = np.zeros((recipe.batch_size, *model.input_shape[1:]), dtype=kind)
        labels = np.arange(len(black), dtype=np.int64) % CLASSES
        stream = training_batches(black, labels, labels, classes=CLASSES, batch_size=recipe.batch_size, seed=0)
        with computing_in(model, precision):
            model.fit(stream, epochs=1, steps_per_epoch=1, shuffle=False, verbose=0)
        predict_chunk(model, black[:PHOTOS_CHUNK])
