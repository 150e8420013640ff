"""Whether a recipe can be trained in this lab: its photos and weights are here, and the run that it starts from fits."""

from __future__ import annotations

from collections.abc import Collection

from flowerlab.datasets.availability import Availability
from flowerlab.errors import BadRecipe, UnknownRun
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.store import Store


def check(recipe: Recipe, home: Home, store: Store, data: Availability, *, brings: Collection[str] = ()) -> None:
    """Checks that a recipe can be trained here.

    Args:
        brings: `dataset` or `weights`, if that is not in this lab because it is still to be imported.

    Raises:
        BadRecipe: If a folder, a weights file or a run that it names is missing, or that run has no model, or another
            architecture, image size, head or classes.
    """
    if "dataset" not in brings:
        data.classes_of(recipe.dataset)
    named = home.weights / recipe.weights.removeprefix("file:")
    if recipe.weights.startswith("file:") and "weights" not in brings and not named.is_file():
        raise BadRecipe(
            "weights", "names a file that is not in this lab.", received=recipe.weights, advice="Bring it with --weights PATH."
        )
    if recipe.start_from is None:
        return
    try:
        source = store.get(recipe.start_from)
    except UnknownRun:
        raise BadRecipe("start_from", "names a run that is not there.", received=recipe.start_from) from None
    _check_source(recipe, source)
    if "dataset" not in brings:
        _check_classes(recipe, source, data)


def _check_source(recipe: Recipe, source: Run) -> None:
    if source.state.over and source.result is None:
        raise BadRecipe("start_from", f"names {source.name!r}, which has no model.", received=recipe.start_from)
    for knob in ("architecture", "image_size", "head"):
        mine, theirs = getattr(recipe, knob), getattr(source.recipe, knob)
        if mine != theirs:
            raise BadRecipe(knob, f"must be {theirs!r} as in {source.name!r}, the run that this one starts from.", received=mine)


def _check_classes(recipe: Recipe, source: Run, data: Availability) -> None:
    # A finished run knows its classes, even if its photos were deleted since.
    theirs = source.result.classes if source.result is not None else data.classes_of(source.recipe.dataset)
    mine = data.classes_of(recipe.dataset)
    if mine != theirs:
        raise BadRecipe(
            "dataset",
            f"must have the classes of {source.name!r}, the run that this one starts from ({', '.join(theirs)}).",
            received=", ".join(mine),
        )
