"""How a recipe would be executed here and now: its way, what it has to compute, and what of that lies ready."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.prepared import is_prepared, prepared_key
from flowerlab.datasets.splits import Split, make_split
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.precision import Precision, frozen_precision, good_enough
from flowerlab.features.sets import views_name
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import PhotoCounts, Way, Workload, wanted_way, workload_of
from flowerlab.runs.provenance import Lookup, origin_of
from flowerlab.settings import Settings


@dataclass(frozen=True)
class ExecutionPlan:
    """What a run would do.

    Args:
        gathered: Whether the photos are on this machine, one by one.
        prepared: Whether they lie ready at the recipe's size.
        photos_here: Whether the photos' features are kept already.
        copies_here: Whether those of its changed copies are, or it has none.
        evicted_bytes: How much of the kept features would go to make room for that.
        too_large: Whether it takes the plain way because its features are larger than may be kept.
    """

    recipe: Recipe
    photos: PhotoCounts
    classes: int
    gathered: bool
    prepared: bool
    way: Way
    work: Workload
    precision: Precision
    origin: str
    photos_here: bool
    copies_here: bool
    missing_bytes: int
    evicted_bytes: float
    too_large: bool


def execution_plan(
    recipe: Recipe, *, home: Home, settings: Settings, originals: Originals | None, classes: int, count: int, source: Lookup
) -> ExecutionPlan:
    """Looks up how a recipe would be executed.

    Args:
        originals: Its photos; None if they have not been gathered.
        count: Number of photos, if they have not been gathered.
        source: Looks up the runs that it starts from.
    """
    order, split = _cut(recipe, originals, count)
    photos = PhotoCounts(len(split.train), len(split.validation), len(split.test), count if originals is None else len(originals))
    key = None
    if originals is not None:
        key = prepared_key(originals, order, recipe.dataset, recipe.image_size, recipe.resize)
    way: Way = "plain" if settings.features == "off" else wanted_way(recipe)
    exact = settings.features == "float32"
    origin = origin_of(recipe, source)
    kept = KeptFeatures(home, settings.features_gb)
    here = Here(frozen_precision(settings.precision, recipe.chosen), 0, copies=False)
    if way != "plain" and key is not None:
        here = _here(kept, key, recipe, settings, origin, split.train)
    work = workload_of(recipe, photos, classes, way, begin=here.begin, exact=exact)
    photos_here, copies_here = here.begin == recipe.cut, here.copies or not recipe.augment_views
    missing_bytes = (0 if photos_here else work.features_bytes) + (0 if copies_here else work.copies_bytes)
    evicted_bytes, too_large = 0.0, False
    if way != "plain" and missing_bytes > 0:
        limit_bytes = kept.limit_bytes
        too_large = work.features_bytes + work.copies_bytes > limit_bytes
        evicted_bytes = max(0.0, sum(one.bytes for one in kept.all()) + missing_bytes - limit_bytes)
    if too_large:
        way, missing_bytes, evicted_bytes = "plain", 0, 0.0
        work = workload_of(recipe, photos, classes, way)
    return ExecutionPlan(
        recipe=recipe,
        photos=photos,
        classes=classes,
        gathered=originals is not None,
        prepared=key is not None and is_prepared(home, key),
        way=way,
        work=work,
        precision=here.precision,
        origin=origin,
        photos_here=photos_here,
        copies_here=copies_here,
        missing_bytes=missing_bytes,
        evicted_bytes=evicted_bytes,
        too_large=too_large,
    )


@dataclass(frozen=True)
class Here:
    """What is kept of the features that a run needs.

    Args:
        begin: The deepest cut up to the recipe's own at which the photos' features are kept; 0 if they are nowhere.
        copies: Whether those of the changed copies are.
    """

    precision: Precision
    begin: int
    copies: bool


def _here(kept: KeptFeatures, key: str, recipe: Recipe, settings: Settings, origin: str, training: NDArray[np.int64]) -> Here:
    exact = settings.features == "float32"

    def cuts(precision: Precision, views: str = "") -> set[int]:
        found = kept.cuts(key, recipe.architecture, precision, origin, exact=exact, views=views)
        return {cut for cut in found if cut <= recipe.cut}

    precision = frozen_precision(settings.precision, recipe.chosen)
    # As the trainer does: what is kept in more digits than were asked for serves as well.
    whole = [one for one in good_enough(settings.precision, precision) if recipe.cut in cuts(one)]
    precision = whole[0] if whole else precision
    views = views_name(recipe.augment, recipe.seed, recipe.augment_views, training) if recipe.augment_views else ""
    return Here(precision, max(cuts(precision), default=0), bool(views) and recipe.cut in cuts(precision, views))


def _cut(recipe: Recipe, originals: Originals | None, count: int) -> tuple[NDArray[np.int64], Split]:
    """Returns the order of the photos, and the parts, which are positions in it."""
    split, fraction = recipe.split, recipe.validation_fraction
    if originals is None:
        return np.arange(count), make_split(count, split=split, validation_fraction=fraction)
    return parts_of(originals, recipe.dataset, split=split, validation_fraction=fraction)
