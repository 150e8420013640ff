"""What a run would be, said without training it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowerlab.architectures import Counts
from flowerlab.cli.bringing import Brought
from flowerlab.cli.output import parameters_text
from flowerlab.datasets.catalog import DATASETS, dataset_title
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.splits import Split
from flowerlab.estimates.cost import Estimate
from flowerlab.lab import Lab
from flowerlab.locale.numbers import roughly, size
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run


@dataclass(frozen=True)
class Plan:
    """What would be trained.

    Args:
        split: Positions of the photos of each part; None before the photos have been gathered.
        equal: A run with the same recipe that is done, under way or waiting; it would be given instead.
        estimate: What it would take, and why it would be refused.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    counts: Counts
    has_photos: bool
    has_weights: bool
    split: Split | None
    equal: Run | None
    estimate: Estimate


def planned(lab: Lab, recipe: Recipe, brought: Brought) -> Plan:
    """Looks up what a run would be.

    Raises:
        BadRecipe: As `Lab.check`.
    """
    lab.queue.check(recipe, brings=brought.missing)
    about = brought.photos
    classes = lab.data.classes_of(recipe.dataset) if about is None else about.classes
    return Plan(
        recipe=recipe,
        classes=classes,
        counts=recipe.counts(len(classes)),
        has_photos=about is not None or lab.data.has_photos(recipe.dataset),
        has_weights=not recipe.needs_pretrained or lab.data.has_weights(recipe.architecture),
        split=_split(lab, recipe),
        equal=lab.queue.equal_to(recipe),
        estimate=lab.estimates.of(recipe, photos=None if about is None else (None, about.photos, len(about.classes))),
    )


def _split(lab: Lab, recipe: Recipe) -> Split | None:
    originals = lab.data.originals(recipe.dataset)
    if originals is None:
        return None
    return parts_of(originals, recipe.dataset, split=recipe.split, validation_fraction=recipe.validation_fraction)[1]


def plan_record(plan: Plan) -> dict[str, Any]:
    """Returns a plan as a JSON object; what is not known is None."""
    split = plan.split
    return {
        "dry_run": True,
        "recipe": plan.recipe.model_dump(mode="json"),
        "classes": list(plan.classes),
        "total_parameters": plan.counts.total,
        "trainable_parameters": plan.counts.trainable,
        "dataset_at_hand": plan.has_photos,
        "weights_at_hand": plan.has_weights,
        "missing_mb": plan.estimate.missing_mb,
        "train_photos": None if split is None else len(split.train),
        "validation_photos": None if split is None else len(split.validation),
        "test_photos": None if split is None else len(split.test),
        "equal_run": plan.equal and plan.equal.id,
        "way": plan.estimate.way,
        "seconds_photos": plan.estimate.seconds_photos,
        "seconds_features": plan.estimate.seconds_features,
        "seconds_epoch": plan.estimate.seconds_epoch,
        "seconds_total": plan.estimate.seconds_total,
        "cache_bytes": plan.estimate.cache_bytes,
        "features_at_hand": plan.estimate.features_at_hand,
        "memory_bytes": round(plan.estimate.memory_bytes),
        "disk_bytes": round(plan.estimate.disk_bytes),
        "refused": plan.estimate.refusal,
    }


def plan_text(plan: Plan) -> str:
    """Writes a plan for people."""
    width = max(len(knob.label) for knob in KNOBS.values())
    knobs = [f"  {knob.label:<{width}}  {as_text(getattr(plan.recipe, name))}" for name, knob in KNOBS.items()]
    lines = [
        f"{plan.recipe.chosen.title} on {dataset_title(plan.recipe.dataset)} would be trained:",
        *knobs,
        f"Size: {parameters_text(plan.counts.trainable, plan.counts.total)}.",
        f"Photos: {_photos_text(plan)}",
        f"Weights: {_weights_text(plan)}",
        f"Time: {_time_text(plan)}",
        f"Needs: about {size(plan.estimate.memory_bytes)} of memory, and {size(plan.estimate.disk_bytes)} of disk while it trains.",
    ]
    if plan.estimate.refusal is not None:
        lines.append(f"It would be refused. {plan.estimate.refusal}")
    if plan.equal is not None:
        lines.append(f"{plan.equal.name} ({plan.equal.id}) has this recipe and is {plan.equal.state}: it would be given.")
    lines.append("Nothing was started.")
    return "\n".join(lines)


def _time_text(plan: Plan) -> str:
    estimate = plan.estimate
    parts = [f"an epoch {roughly(estimate.seconds_epoch)}"]
    if estimate.way != "plain":
        features = "at hand" if estimate.features_at_hand else roughly(estimate.seconds_features)
        size = "" if estimate.features_at_hand else f" ({estimate.cache_bytes / 1e6:,.0f} MB are kept)"
        parts.insert(0, f"frozen features {features}{size}")
    if estimate.seconds_photos >= 1:
        parts.insert(0, f"photos {roughly(estimate.seconds_photos)}")
    too_large = " The features would be larger than may be kept (FLOWERLAB_FEATURES_GB)." if estimate.too_large else ""
    missing = " A download comes on top." if plan.estimate.missing_mb else ""
    return f"about {roughly(estimate.seconds_total)}: {', '.join(parts)}.{too_large}{missing}"


def _photos_text(plan: Plan) -> str:
    if not plan.has_photos:
        return f"not on this machine; a download of {DATASETS[plan.recipe.dataset].source.download_mb} MB."
    if plan.split is None:
        return "at hand; how many train and test is known once they have been gathered."
    train, validation, test = (len(part) for part in (plan.split.train, plan.split.validation, plan.split.test))
    return f"at hand; {train:,} train, {validation:,} validate, {test:,} test."


def _weights_text(plan: Plan) -> str:
    if plan.recipe.start_from is not None:
        return f"those of run {plan.recipe.start_from}."
    if plan.recipe.weights == "none":
        return "random numbers."
    if plan.has_weights:
        return "at hand."
    return f"not on this machine; a download of {plan.recipe.chosen.weights[0].megabytes:g} MB."
