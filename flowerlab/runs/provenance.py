"""Provenance: which photos and weights a recipe or a run really names, told from others of the same name."""

from __future__ import annotations

from collections.abc import Callable

from flowerlab.architectures import Architecture
from flowerlab.architectures.pretrained import shipped_digest
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import photos_identity
from flowerlab.errors import BadRecipe
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe


def materials_of(photos: str, shipped: Architecture | None) -> str:
    """Writes materials.

    Args:
        photos: What tells the photos from others; one word.
        shipped: The network that begins with the weights that come with Flowerlab; None if none does.
    """
    return photos if shipped is None else f"{photos} {shipped.name}-{shipped_digest(shipped)}"


def materials_here(recipe: Recipe, home: Home, garden: Garden) -> str:
    """Returns the materials of a recipe that would be trained in this home now."""
    ships = recipe.weights == "flowerlab" and recipe.start_from is None
    return materials_of(photos_identity(home, recipe.dataset, garden), recipe.chosen if ships else None)


def photos_in(materials: str) -> str:
    """Returns what tells the photos from others."""
    return materials.partition(" ")[0]


def digest_in(materials: str, architecture: str) -> str:
    """Returns what tells the shipped weights of a network from those of another version; empty if it does not say."""
    mark = f"{architecture}-"
    return next((word.removeprefix(mark) for word in materials.split() if word.startswith(mark)), "")


# Id of a run → its recipe, and what tells the weights that it began with from others of the same name; None if it is gone.
Source = Callable[[str], tuple[Recipe, str] | None]


def settled(recipe: Recipe, source: Source) -> Recipe:
    """Names the weights that a run which starts from another really has: those with which that one began.

    Raises:
        BadRecipe: If the run that it starts from is gone.
    """
    if recipe.start_from is None:
        return recipe
    found = source(recipe.start_from)
    if found is None:
        raise BadRecipe("start_from", "names a run that is not there.", received=recipe.start_from)
    return recipe.changed(weights=found[0].weights) if found[0].architecture == recipe.architecture else recipe


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
