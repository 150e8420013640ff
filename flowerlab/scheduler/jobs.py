"""Jobs from recipes: what a trainer needs to know, put together from the recipe and the settings."""

from __future__ import annotations

from collections.abc import Sequence

from flowerlab.datasets.sources.garden import garden_of
from flowerlab.engine import Job, Task
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import wanted_way
from flowerlab.runs.provenance import Lookup, origin_of
from flowerlab.settings import Settings


def make_job(
    run_id: str,
    attempt: int,
    recipe: Recipe,
    *,
    home: Home,
    settings: Settings,
    source: Lookup,
    task: Task = "train",
    patience_from: int = 0,
    waiting: Sequence[Recipe] = (),
) -> Job:
    """Returns one attempt at a run.

    Args:
        run_id: Of the run.
        attempt: Its number.
        recipe: What to train.
        home: FLOWERLAB_HOME.
        settings: The garden, precision, how features are kept.
        source: Looks up the runs that it goes on from.
        task: What to do.
        patience_from: Whole epochs from which patience counts.
        waiting: What will be trained after it.
    """
    origin = origin_of(recipe, source)
    return Job(
        run_id=run_id,
        attempt=attempt,
        recipe=recipe.model_dump(mode="json"),
        home=home.root,
        garden=garden_of(settings),
        task=task,
        origin=origin,
        precision=settings.precision,
        training_precision=settings.training_precision,
        features=settings.features,
        also_keep=tuple(sorted({one.cut for one in waiting if _shares(one, recipe) and origin_of(one, source) == origin})),
        patience_from=patience_from,
        features_gb=settings.features_gb,
    )


def _shares(waiting: Recipe, recipe: Recipe) -> bool:
    """Whether a recipe needs features that the pass of another, which goes deeper, comes by."""
    same = all(getattr(waiting, knob) == getattr(recipe, knob) for knob in ("dataset", "image_size", "resize", "architecture"))
    return same and waiting.cut < recipe.cut and wanted_way(waiting) != "plain"
