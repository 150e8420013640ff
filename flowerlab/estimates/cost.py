"""What a run will cost, before it is started: seconds and disk, from its work, this machine's speed and the runs it saw.

A first estimate is operations divided by what part of the processor's matrix speed each network reaches. Every run that was seen
on this machine corrects it: by the ratio of what it took to what had been estimated.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowerlab.datasets.catalog import dataset_source
from flowerlab.estimates.execution_plan import ExecutionPlan
from flowerlab.estimates.footprint import Footprint
from flowerlab.estimates.machine_speed import peak_flops
from flowerlab.features.precision import Precision
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import Way, Workload
from flowerlab.runs.run import Run
from flowerlab.system.cpu import machine_name

# Of the share of the matrix speed that a pass reaches, while it learns.
LEARNING_SHARE = 0.8
# Before the first batch: to trace and compile the step.
FIRST_BATCH_S = 0.3
# How much quicker bfloat16 is where the processor has it.
BFLOAT16_GAIN = 2.0
BATCH_S = 0.006
# To build, trace, load and save a network: some seconds a run and some milliseconds a layer.
RUN_S, LAYER_S = 1.5, 0.02
# To read and resize a photo; on a machine of a hundred billion operations a second.
RESIZED_S, AT_FLOPS = 0.002, 1e11
RUNS_SEEN = 5


@dataclass(frozen=True)
class Estimate:
    """What a run will cost.

    Args:
        way: How it will train, see `flowerlab.recipe.workload`.
        seconds_photos: To draw and resize photos; 0 if they are ready. A download is not in it.
        seconds_features: Of the pass through the frozen layers; 0 if there is none or its features are here.
        seconds_epoch: Of an epoch, validation included.
        seconds_total: From the start to the test, if all epochs run and nothing else does.
        features_at_hand: Whether the features that it needs are kept already.
        too_large: Whether it takes the plain way because its features are larger than may be kept.
        runs_seen: How many runs of this architecture on this machine the estimate rests on.
        shares_photos: Equal for runs that need the same photos made ready.
        shares_features: Equal for runs that need features of the same photos through the same frozen weights: the longest pass gives all of
            them on its way. Empty if it needs none.
        memory_bytes: That its trainer takes at most, see `flowerlab.estimates.footprint`.
        disk_bytes: That is on the disk more than before at most, while it is under way.
        missing_mb: What it would have to download, in MB (10⁶ bytes).
        refusal: Why it would not be started, as a sentence: memory or disk do not suffice; None if it has room.
    """

    way: Way
    trainable_parameters: int
    seconds_photos: float
    seconds_features: float
    seconds_epoch: float
    seconds_total: float
    cache_bytes: int
    features_at_hand: bool
    too_large: bool
    runs_seen: int
    shares_photos: str
    shares_features: str
    memory_bytes: float
    disk_bytes: float
    missing_mb: float
    refusal: str | None


def estimate_of(
    plan: ExecutionPlan,
    footprint: Footprint,
    *,
    home: Home,
    runs: Sequence[Run],
    missing_mb: float = 0.0,
    refusal: str | None = None,
) -> Estimate:
    """Estimates a run whose execution is planned, from the runs that were seen, newest first."""
    recipe, work, way, photos = plan.recipe, plan.work, plan.way, plan.photos
    speed = Speed(home, runs)
    seconds_photos = 0.0
    if not plan.prepared:
        drawn_s = 0.0 if plan.gathered else dataset_source(recipe.dataset).drawn_s
        seconds_photos = photos.all * (drawn_s + RESIZED_S) * AT_FLOPS / speed.peak
    passing = (0.0 if plan.photos_here else work.features) + (0.0 if plan.copies_here else work.copies)
    seconds_features = speed.features_s(recipe, passing, plan.precision)
    seconds_epoch = speed.epoch_s(recipe, work, way)
    named = [recipe.dataset, recipe.image_size, recipe.resize]
    return Estimate(
        way=way,
        trainable_parameters=recipe.counts(plan.classes).trainable,
        seconds_photos=seconds_photos,
        seconds_features=seconds_features,
        seconds_epoch=seconds_epoch,
        seconds_total=seconds_photos
        + seconds_features
        + FIRST_BATCH_S
        + recipe.epochs * seconds_epoch
        + speed.rest_s(recipe, work),
        cache_bytes=plan.missing_bytes,
        features_at_hand=way != "plain" and plan.photos_here and plan.copies_here,
        too_large=plan.too_large,
        runs_seen=speed.seen(recipe.architecture),
        shares_photos=json.dumps(named),
        shares_features="" if way == "plain" else json.dumps([*named, recipe.architecture, plan.origin, *_copies_of(recipe)]),
        memory_bytes=footprint.memory_bytes,
        disk_bytes=footprint.disk_bytes,
        missing_mb=missing_mb,
        refusal=refusal,
    )


def _copies_of(recipe: Recipe) -> list[object]:
    """What tells its changed copies from others; nothing if it has none. Those at another cut are not kept on the way."""
    if not recipe.augment_views:
        return []
    return [recipe.cut, recipe.augment, recipe.augment_views, recipe.seed, recipe.split, recipe.validation_fraction]


def seconds_together(estimates: Iterable[Estimate]) -> float:
    """Returns what several runs take one after the other: photos and features that they share are counted once."""
    seconds = 0.0
    photos: dict[str, float] = {}
    passes: dict[str, float] = {}
    for one in estimates:
        seconds += one.seconds_total - one.seconds_photos
        photos[one.shares_photos] = max(photos.get(one.shares_photos, 0.0), one.seconds_photos)
        if one.shares_features:
            seconds -= one.seconds_features
            passes[one.shares_features] = max(passes.get(one.shares_features, 0.0), one.seconds_features)
    return seconds + sum(photos.values()) + sum(passes.values())


class Speed:
    """How fast this machine is, by its matrix speed and the runs that it saw, newest first."""

    def __init__(self, home: Home, runs: Iterable[Run]) -> None:
        self.peak = peak_flops(home)
        machine = machine_name()
        self._seen = [
            (run.recipe, run.result.precision, run.result.timing)
            for run in runs
            if run.result is not None and run.result.timing is not None and run.result.timing.machine == machine
        ]

    def seen(self, architecture: str) -> int:
        """Returns how many runs of an architecture were seen."""
        return sum(recipe.architecture == architecture for recipe, _, _ in self._seen)

    def features_s(self, recipe: Recipe, flops: float, precision: Precision) -> float:
        """Returns the seconds of a pass through the frozen layers of so many operations."""
        ratios = [
            (timing.seconds_features / self._pass_s(before, timing.flops_features, of), before, of)
            for before, of, timing in self._seen
            if timing.flops_features
        ]
        return self._pass_s(recipe, flops, precision) * _middle(
            [
                [ratio for ratio, before, of in ratios if before.architecture == recipe.architecture and of == precision],
                [ratio for ratio, before, _ in ratios if before.architecture == recipe.architecture],
                [ratio for ratio, _, _ in ratios],
            ]
        )

    def epoch_s(self, recipe: Recipe, work: Workload, way: Way) -> float:
        """Returns the seconds of an epoch.

        A head's are those of calls, other epochs' those of operations: neither tells how quick the other is.
        """
        ratios = [
            (
                max(0.0, timing.seconds_training - FIRST_BATCH_S) / self._learning_s(before, timing.batches, timing.flops_training),
                before.architecture,
                timing.way,
            )
            for before, _, timing in self._seen
        ]
        like = [(ratio, name, of) for ratio, name, of in ratios if (of == "head") == (way == "head")]
        return self._learning_s(recipe, work.batches, work.epoch) * _middle(
            [
                [ratio for ratio, name, of in like if name == recipe.architecture and of == way],
                [ratio for ratio, name, _ in like if name == recipe.architecture],
                [ratio for ratio, _, of in like if of == way],
                [ratio for ratio, _, _ in like],
            ]
        )

    def rest_s(self, recipe: Recipe, work: Workload) -> float:
        """Returns the seconds to build, load, save and test the network."""
        test_s = work.test / (self.peak * recipe.chosen.efficiency)
        fixed = [
            max(
                0.0,
                timing.seconds_saving
                + timing.seconds_checking
                + timing.seconds_rest
                - timing.flops_test / (self.peak * before.chosen.efficiency),
            )
            for before, _, timing in self._seen
            if before.architecture == recipe.architecture
        ][:RUNS_SEEN]
        return test_s + (statistics.median(fixed) if fixed else RUN_S + LAYER_S * len(recipe.chosen.layers))

    def _pass_s(self, recipe: Recipe, flops: float, precision: Precision) -> float:
        gain = BFLOAT16_GAIN if precision == "bfloat16" else 1.0
        return flops / (self.peak * recipe.chosen.efficiency * gain)

    def _learning_s(self, recipe: Recipe, batches: int, flops: float) -> float:
        return batches * BATCH_S + flops / (self.peak * recipe.chosen.efficiency * LEARNING_SHARE)


def _middle(choices: Sequence[Sequence[float]]) -> float:
    """Returns the median of the newest of the first list that is not empty; 1 if all are."""
    for choice in choices:
        if choice:
            return statistics.median(choice[:RUNS_SEEN])
    return 1.0
