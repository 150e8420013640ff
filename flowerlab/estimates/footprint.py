"""How much memory and disk a run will need at most, counted from its layers and photos before it is started.

Memory is what a trainer process takes for itself; files that it only maps (photos, features) are not in it: the system gives
their pages back when others need the room. Disk is what is on it more than before while the run is under way. What was measured
beside these estimates: docs/decisions/0011-limits.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowerlab.architectures import Layer
from flowerlab.datasets.catalog import dataset_source
from flowerlab.estimates.execution_plan import ExecutionPlan
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import FLOAT32_BYTES

# A process with TensorFlow and Keras loaded: 450 MB of its own, and the libraries' code as far as it is used.
LOADED_BYTES = 900e6
# What a layer adds besides its numbers: its operations in the graphs that train, validate and test.
LAYER_BYTES = 0.5e6
# Of an activation that learns: itself, its gradient, and room that a layer computes in.
LEARNING_COPIES = 2.0
# What only scales, cuts off, adds or pads is computed in place or on the way to the next layer.
HELD_KINDS = ("MaxPooling2D", "GlobalAveragePooling2D", "Flatten")
# As the trainer does it: photos that go through frozen layers together, and photos or features that are tested together.
FROZEN_BATCH, TESTED_PHOTOS, TESTED_FEATURES = 16, 16, 64
# Batches that are made ready ahead, and the one that is learnt.
BATCHES_AHEAD = 3
# Results, log, list of runs.
RECORD_BYTES = 5e6


@dataclass(frozen=True)
class Footprint:
    """What a run needs."""

    memory_bytes: float
    disk_bytes: float


def footprint_of(plan: ExecutionPlan, *, missing_mb: float = 0.0) -> Footprint:
    """Estimates what a run needs."""
    return Footprint(_memory_bytes(plan), _disk_bytes(plan, missing_mb))


def _memory_bytes(plan: ExecutionPlan) -> float:
    recipe = plan.recipe
    counts = recipe.counts(plan.classes)
    slots = OPTIMIZERS[recipe.optimizer].slots
    # The network, once more while its weights are read or its model is written; what learns: its gradient and the optimizer's arrays,
    # and the copies that a checkpoint is made of, with the best epoch's.
    numbers = 2 * counts.total + counts.trainable * (1 + slots + (1 + slots) + 1)
    # The pass through the frozen layers, or the test of the saved model.
    passing = FROZEN_BATCH * _widest(_sizes(recipe))
    return LOADED_BYTES + LAYER_BYTES * len(recipe.chosen.layers) + FLOAT32_BYTES * (numbers + max(_learning(plan), passing))


def _learning(plan: ExecutionPlan) -> float:
    """Returns how many numbers an epoch holds at most besides weights: activations of a batch, and batches made ready."""
    recipe = plan.recipe
    sizes = _sizes(recipe)
    begin = 0 if plan.way == "plain" else recipe.cut
    first = recipe.chosen.first_trainable_index(recipe.unfreeze_from)
    first = len(sizes) if first is None else max(first, begin)
    inputs = sizes[begin - 1] if begin else 3 * recipe.image_size**2
    held = [count for layer, count in zip(recipe.chosen.layers, sizes, strict=True) if _is_held(layer) and layer.index >= first]
    learnt = LEARNING_COPIES * (sum(held) + sum(recipe.head) + plan.classes)
    frozen = _widest(sizes[begin:first])
    tested = TESTED_PHOTOS if plan.way == "plain" else TESTED_FEATURES
    return max(
        min(recipe.batch_size, plan.photos.train) * (BATCHES_AHEAD * inputs + frozen + learnt),
        tested * (inputs + _widest(sizes[begin:])),
    )


def _sizes(recipe: Recipe) -> list[int]:
    """Returns how many numbers each layer of the backbone gives for one photo."""
    chosen = recipe.chosen
    return [chosen.side(recipe.image_size, layer) ** 2 * layer.channels for layer in chosen.layers]


def _is_held(layer: Layer) -> bool:
    """Whether a layer's output stays in memory until its gradient has been computed."""
    return layer.learnable > 0 or layer.kind in HELD_KINDS


def _widest(sizes: list[int]) -> int:
    """Returns the largest sum of what goes into a layer, what comes out of it, and a copy that it computes in."""
    return max((before + 2 * after for before, after in zip([0, *sizes], sizes, strict=False)), default=0)


def _disk_bytes(plan: ExecutionPlan, missing_mb: float) -> float:
    recipe, counts = plan.recipe, plan.recipe.counts(plan.classes)
    # While a checkpoint is written the one before is still there: weights, the best epoch's, the optimizer's arrays.
    checkpoints = 2 * FLOAT32_BYTES * counts.trainable * (2 + OPTIMIZERS[recipe.optimizer].slots)
    model = FLOAT32_BYTES * counts.total
    answers = FLOAT32_BYTES * plan.classes * (plan.photos.validation * recipe.epochs + plan.photos.test)
    prepared = 0 if plan.prepared else 3 * plan.photos.all * recipe.image_size**2
    return (
        1e6 * missing_mb
        + (0.0 if plan.gathered else plan.photos.all * dataset_source(recipe.dataset).photo_bytes)
        + prepared
        + max(0.0, plan.missing_bytes - plan.evicted_bytes)
        + checkpoints
        + 2 * model
        + answers
        + RECORD_BYTES
    )
