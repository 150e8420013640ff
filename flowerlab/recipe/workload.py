"""How much a recipe has to compute, counted from its layers: floating-point operations, batches, bytes to keep."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal

from flowerlab.recipe.recipe import Recipe

# How a run trains. head: only dense layers, on kept features. part: layers of the backbone too, on kept features. plain: every photo
# goes through all layers in every epoch.
Way = Literal["head", "part", "plain"]
# Backwards, a layer computes the gradient of its weights and that of its input.
BACKWARDS = 2.0
CHECKED_PHOTOS = 64
FLOAT16_BYTES, FLOAT32_BYTES = 2, 4


@dataclass(frozen=True)
class PhotoCounts:
    """How many photos each part of a data set has."""

    train: int
    validation: int
    test: int
    all: int


@dataclass(frozen=True)
class Workload:
    """What a run computes. Operations are floating-point ones; a multiplication and its addition are two.

    Args:
        features: Operations of the photos' pass through the frozen layers; 0 if the run takes the plain way.
        copies: The same of changed copies of the training photos.
        epoch: Operations of an epoch, validation included.
        batches: Of an epoch.
        features_bytes: Size of the photos' features; 0 if the run takes the plain way.
    """

    features: float
    copies: float
    epoch: float
    test: float
    batches: int
    features_bytes: int
    copies_bytes: int


def batches_per_epoch(photos: int, batch_size: int) -> int:
    """Returns the number of batches in an epoch; the last may be smaller."""
    return -(-photos // batch_size)


def wanted_way(recipe: Recipe) -> Way:
    """Returns the quickest way that a recipe allows, if its features can be kept."""
    cut = recipe.cut
    if cut == 0 or (recipe.augment != "none" and recipe.augment_views == 0):
        return "plain"
    return "head" if cut == len(recipe.chosen.layers) else "part"


def workload_of(recipe: Recipe, photos: PhotoCounts, classes: int, way: Way, *, begin: int = 0, exact: bool = False) -> Workload:
    """Counts the work of a run.

    Args:
        begin: Layer from which the photos' pass begins: 0, or a cut whose features are kept.
        exact: Whether features are kept as float32.
    """
    chosen, cut = recipe.chosen, recipe.cut
    layers = chosen.flops(recipe.image_size)
    height, width, channels = chosen.feature_shape(recipe.image_size)
    sizes = (height * width * channels, *recipe.head, classes)
    head = sum(2.0 * before * after for before, after in itertools.pairwise(sizes))
    first = chosen.first_trainable_index(recipe.unfreeze_from)
    learning = (0.0 if first is None else sum(layers[first:])) + head
    batches = batches_per_epoch(photos.train, recipe.batch_size)
    if way == "plain":
        forward = sum(layers) + head
        epoch = photos.train * (forward + BACKWARDS * learning) + photos.validation * forward
        return Workload(0.0, 0.0, epoch, photos.test * forward, batches, 0, 0)
    forward = sum(layers[cut:]) + head
    copies = recipe.augment_views * photos.train
    one_bytes = math.prod(chosen.crossing_shape(recipe.image_size, cut)) * (FLOAT32_BYTES if exact else FLOAT16_BYTES)
    return Workload(
        features=photos.all * sum(layers[begin:cut]),
        copies=copies * sum(layers[:cut]),
        epoch=photos.train * (forward + BACKWARDS * learning) + photos.validation * forward,
        test=photos.test * forward + CHECKED_PHOTOS * (sum(layers) + head),
        batches=batches,
        features_bytes=photos.all * one_bytes,
        copies_bytes=copies * one_bytes,
    )
