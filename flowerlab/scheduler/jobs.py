"""Jobs from recipes: what a trainer needs to know, put together from the recipe and the settings."""

from __future__ import annotations

from collections.abc import Sequence

from flowerlab.engine import Job, JobTask, TrainerSettings
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import wanted_way
from flowerlab.runs.provenance import Lookup, origin_of
from flowerlab.settings import Settings


def make_job(
    run_id: str,
    attempt: int,
    recipe: Recipe,
    *,
    settings: Settings,
    source: Lookup,
    task: JobTask = "train",
    patience_from: int = 0,
    waiting: Sequence[Recipe] = (),
) -> Job:
    """Returns one attempt at a run."""
    origin = origin_of(recipe, source)
    return Job(
        run_id=run_id,
        attempt=attempt,
        recipe=recipe,
        settings=TrainerSettings.of(settings),
        task=task,
        origin=origin,
        also_keep=tuple(sorted({one.cut for one in waiting if _shares(one, recipe) and origin_of(one, source) == origin})),
        patience_from=patience_from,
    )


def _shares(waiting: Recipe, recipe: Recipe) -> bool:
    """Whether a recipe needs features that the pass of another, which goes deeper, comes by."""
    same = all(getattr(waiting, knob) == getattr(recipe, knob) for knob in ("dataset", "image_size", "resize", "architecture"))
    return same and waiting.cut < recipe.cut and wanted_way(waiting) != "plain"
