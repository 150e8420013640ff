"""Names of starting weights: two runs whose frozen layers begin alike have the same, so that kept features are found by it."""

from __future__ import annotations

from collections.abc import Callable

from flowerlab.recipe import Recipe
from flowerlab.weights import shipped_digest


def origin_of(recipe: Recipe, source: Callable[[str], Recipe | None]) -> str:
    """Returns the name of the weights that a recipe's frozen layers have.

    Args:
        recipe: With frozen layers or none.
        source: Id of a run → its recipe; None if it is gone.
    """
    cut = recipe.cut
    while recipe.start_from is not None:
        before = source(recipe.start_from)
        if before is None or before.cut < cut:
            # That run trained some of the layers that are frozen here.
            return f"run:{recipe.start_from}"
        recipe = before
    if recipe.weights == "none":
        return f"none:{recipe.seed}"
    return f"flowerlab:{shipped_digest(recipe.chosen)}" if recipe.weights == "flowerlab" else recipe.weights
