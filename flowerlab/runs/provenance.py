"""Materials: what tells the photos and shipped weights that a recipe names from others of the same name, as one text."""

from __future__ import annotations

from collections.abc import Callable

from flowerlab.architectures import Architecture
from flowerlab.architectures.pretrained import shipped_digest
from flowerlab.recipe.recipe import Recipe


def materials_of(photos: str, shipped: Architecture | None) -> str:
    """Writes materials.

    Args:
        photos: What tells the photos from others; one word.
        shipped: The network that begins with the weights that come with Flowerlab; None if none does.
    """
    return photos if shipped is None else f"{photos} {shipped.name}-{shipped_digest(shipped)}"


def photos_in(materials: str) -> str:
    """Returns what tells the photos from others."""
    return materials.partition(" ")[0]


def digest_in(materials: str, architecture: str) -> str:
    """Returns what tells the shipped weights of a network from those of another version; empty if it does not say."""
    mark = f"{architecture}-"
    return next((word.removeprefix(mark) for word in materials.split() if word.startswith(mark)), "")


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
