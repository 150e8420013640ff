"""What a run would take in this lab: its course, its price, its footprint, looked up from what lies here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flowerlab.datasets.catalog import DATASETS, FOLDER_PREFIX
from flowerlab.datasets.import_folder import describe
from flowerlab.datasets.originals import Originals
from flowerlab.estimates.cost import Price, expected_photos, price_along
from flowerlab.estimates.execution_plan import Course, course_of
from flowerlab.estimates.footprint import Footprint, footprint_of
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run

if TYPE_CHECKING:
    from flowerlab.lab import Lab

# The photos of a recipe, if they have been gathered; how many there are, and of how many classes.
PhotosHere = tuple[Originals | None, int, int]


def price_in(lab: Lab, recipe: Recipe, photos: PhotosHere | None = None, runs: Sequence[Run] | None = None) -> Price:
    """Estimates what a run would cost on this machine; see `Lab.price`."""
    course = _course_in(lab, recipe, photos)
    return price_along(course, home=lab.home, runs=lab.store.all() if runs is None else runs, missing_mb=_missing_mb(lab, recipe))


def footprint_in(lab: Lab, recipe: Recipe) -> Footprint:
    """Estimates how much memory and disk a run would need on this machine; see `Lab.price`."""
    return footprint_of(_course_in(lab, recipe), missing_mb=_missing_mb(lab, recipe))


def _course_in(lab: Lab, recipe: Recipe, photos: PhotosHere | None = None) -> Course:
    if photos is None:
        classes, originals = len(lab.data.classes_of(recipe.dataset)), lab.data.originals(recipe.dataset)
        photos = originals, _count(lab, recipe.dataset) if originals is None else len(originals), classes
    return course_of(
        recipe,
        home=lab.home,
        settings=lab.settings,
        originals=photos[0],
        count=photos[1],
        classes=photos[2],
        source=lab.store.source,
    )


def _count(lab: Lab, dataset: str) -> int:
    if dataset in DATASETS:
        return expected_photos(dataset, lab.data.garden)
    return describe(lab.home.folders / dataset.removeprefix(FOLDER_PREFIX)).photos


def _missing_mb(lab: Lab, recipe: Recipe) -> float:
    """Returns how much would have to be downloaded, in MB (10⁶ bytes)."""
    known = recipe.dataset in DATASETS
    missing = float(DATASETS[recipe.dataset].download_mb) if known and not lab.data.dataset_at_hand(recipe.dataset) else 0.0
    if recipe.needs_pretrained and not lab.data.weights_at_hand(recipe.architecture):
        missing += recipe.chosen.weights[0].megabytes
    return missing
