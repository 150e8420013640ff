"""Whether a recipe can be trained in this lab: its photos and weights are here, and the run that it starts from fits."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from flowerlab.datasets.catalog import FOLDER_PREFIX
from flowerlab.errors import BadRecipe, UnknownRun
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run

if TYPE_CHECKING:
    from flowerlab.lab import Lab


def check_fits(lab: Lab, recipe: Recipe, brings: Collection[str]) -> None:
    """Checks a recipe; see `Lab.check`."""
    if recipe.dataset.startswith(FOLDER_PREFIX) and "dataset" not in brings:
        lab.data.classes_of(recipe.dataset)
    named = lab.home.weights / recipe.weights.removeprefix("file:")
    if recipe.weights.startswith("file:") and "weights" not in brings and not named.is_file():
        raise BadRecipe(
            "weights",
            "names a file that is not in this lab.",
            received=recipe.weights,
            advice="Bring it with --weights PATH.",
        )
    if recipe.start_from is not None:
        source = source_of(lab, recipe.start_from)
        _check_source(recipe, source)
        if "dataset" not in brings:
            _check_classes(lab, recipe, source)


def source_of(lab: Lab, run_id: str) -> Run:
    """Returns the run that a recipe starts from.

    Raises:
        BadRecipe: If it is not there.
    """
    try:
        return lab.store.get(run_id)
    except UnknownRun:
        raise BadRecipe("start_from", "names a run that is not there.", received=run_id) from None


def _check_source(recipe: Recipe, source: Run) -> None:
    if source.state.over and source.result is None:
        raise BadRecipe("start_from", f"names {source.name!r}, which has no model.", received=recipe.start_from)
    for knob in ("architecture", "image_size", "head"):
        mine, theirs = getattr(recipe, knob), getattr(source.recipe, knob)
        if mine != theirs:
            raise BadRecipe(knob, f"must be {theirs!r} as in {source.name!r}, the run that this one starts from.", received=mine)


def _check_classes(lab: Lab, recipe: Recipe, source: Run) -> None:
    # A finished run knows its classes, even if its photos were deleted since.
    theirs = source.result.classes if source.result is not None else lab.data.classes_of(source.recipe.dataset)
    mine = lab.data.classes_of(recipe.dataset)
    if mine != theirs:
        raise BadRecipe(
            "dataset",
            f"must have the classes of {source.name!r}, the run that this one starts from ({', '.join(theirs)}).",
            received=", ".join(mine),
        )
