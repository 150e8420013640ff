"""Provenance: which photos and weights a recipe or a run really names: others may have the same name."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flowerlab.architectures import Architecture
from flowerlab.architectures.pretrained import shipped_digest
from flowerlab.datasets.catalog import dataset_source
from flowerlab.datasets.garden import Garden
from flowerlab.errors import BadRecipe
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.ancestry import ancestry


def materials_of(photos: str, shipped: Architecture | None) -> str:
    """Writes materials.

    Args:
        photos: What tells the photos from others; one word.
        shipped: The network that begins with the weights that come with Flowerlab, if one does.
    """
    return photos if shipped is None else f"{photos} {shipped.name}-{shipped_digest(shipped)}"


def materials_here(recipe: Recipe, home: Home, garden: Garden) -> str:
    """Returns the materials of a recipe that would be trained in this home now."""
    ships = recipe.weights == "flowerlab" and recipe.start_from is None
    return materials_of(dataset_source(recipe.dataset, garden).identity(home), recipe.chosen if ships else None)


def photos_in(materials: str) -> str:
    """Returns what tells the photos from others."""
    return materials.partition(" ")[0]


def digest_in(materials: str, architecture: str) -> str:
    """Returns what tells the shipped weights of a network from those of another version; empty if it does not say."""
    mark = f"{architecture}-"
    return next((word.removeprefix(mark) for word in materials.split() if word.startswith(mark)), "")


class Provenance(NamedTuple):
    """What a run was trained with.

    Args:
        materials: Its photos and shipped weights, as `materials_of` writes them.
    """

    recipe: Recipe
    materials: str


# Id of a run → what it was trained with; None if it was deleted.
Lookup = Callable[[str], Provenance | None]


def settled(recipe: Recipe, lookup: Lookup) -> Recipe:
    """Names the weights that a run which starts from another really has: those with which that one began.

    Raises:
        BadRecipe: If the run that it starts from is gone.
    """
    if recipe.start_from is None:
        return recipe
    found = lookup(recipe.start_from)
    if found is None:
        raise BadRecipe("start_from", "names a run that is not there.", received=recipe.start_from)
    return recipe.changed(weights=found.recipe.weights) if found.recipe.architecture == recipe.architecture else recipe


def origin_of(recipe: Recipe, lookup: Lookup) -> str:
    """Returns the name of the weights that a recipe's frozen layers have."""
    first, source = Provenance(recipe, ""), recipe.start_from
    for link in ancestry(first, lookup):
        if link.recipe.cut < recipe.cut:
            # That run trained some of the layers that are frozen here.
            break
        first, source = link, link.recipe.start_from
    if source is not None:
        return f"run:{source}"
    if first.recipe.weights == "none":
        return f"none:{first.recipe.seed}"
    if first.recipe.weights == "flowerlab":
        # A run made before may have begun with another version of what comes with Flowerlab.
        return f"flowerlab:{digest_in(first.materials, first.recipe.architecture) or shipped_digest(first.recipe.chosen)}"
    return first.recipe.weights
