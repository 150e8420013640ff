"""Names of starting weights: two runs whose frozen layers begin alike have the same, so that kept features are found by it."""

from __future__ import annotations

from collections.abc import Callable

from flowerlab.materials import digest_in
from flowerlab.recipe import Recipe
from flowerlab.weights import shipped_digest

# Id of a run → its recipe, and what tells the weights that it began with from others of the same name; None if it is gone.
Source = Callable[[str], tuple[Recipe, str] | None]


def origin_of(recipe: Recipe, source: Source) -> str:
    """Returns the name of the weights that a recipe's frozen layers have.

    Args:
        recipe: With frozen layers or none.
        source: Looks up the runs that it goes on from.
    """
    cut, materials = recipe.cut, ""
    while recipe.start_from is not None:
        found = source(recipe.start_from)
        if found is None or found[0].cut < cut:
            # That run trained some of the layers that are frozen here.
            return f"run:{recipe.start_from}"
        recipe, materials = found
    if recipe.weights == "none":
        return f"none:{recipe.seed}"
    if recipe.weights == "flowerlab":
        # A run of before may have begun with another version of what comes with Flowerlab.
        return f"flowerlab:{digest_in(materials, recipe.architecture) or shipped_digest(recipe.chosen)}"
    return recipe.weights
