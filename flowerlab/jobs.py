"""Jobs from recipes: what a trainer needs to know, put together from the recipe and the settings."""

from __future__ import annotations

from collections.abc import Callable

from flowerlab.engine import Job, Task
from flowerlab.home import Home
from flowerlab.origins import origin_of
from flowerlab.recipe import Recipe
from flowerlab.settings import Settings


def make_job(
    run_id: str, attempt: int, recipe: Recipe, *, home: Home, settings: Settings,
    source: Callable[[str], Recipe | None], task: Task = "train",
) -> Job:  # fmt: skip
    """Returns one attempt at a run.

    Args:
        run_id: Of the run.
        attempt: Its number.
        recipe: What to train.
        home: FLOWERLAB_HOME.
        settings: The garden, precision, how features are kept.
        source: Id of a run → its recipe; None if it is gone.
        task: What to do.
    """
    return Job(
        run_id=run_id, attempt=attempt, recipe=recipe.model_dump(mode="json"), home=home.root, garden=settings.garden,
        task=task, origin=origin_of(recipe, source), precision=settings.precision, features=settings.features,
        features_gb=settings.features_gb,
    )  # fmt: skip
