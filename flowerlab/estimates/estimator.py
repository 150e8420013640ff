"""What runs would take in one lab: seconds, memory and disk, looked up from what lies here."""

from __future__ import annotations

from collections.abc import Sequence

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.originals import Originals
from flowerlab.errors import NoRoom
from flowerlab.estimates.cost import Estimate, estimate_of
from flowerlab.estimates.execution_plan import ExecutionPlan, execution_plan
from flowerlab.estimates.footprint import Footprint, footprint_of
from flowerlab.estimates.limits import check_disk, check_room
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.provenance import settled
from flowerlab.runs.run import Run
from flowerlab.settings import Settings
from flowerlab.store import Store

# The photos of a recipe, if they have been gathered; how many there are, and of how many classes.
PhotosHere = tuple[Originals | None, int, int]


class Estimator:
    """Estimates runs on this machine, with the photos, weights and features of this home."""

    def __init__(self, home: Home, settings: Settings, store: Store, data: Availability) -> None:
        self._home, self._settings, self._store, self._data = home, settings, store, data

    def of(self, recipe: Recipe, *, photos: PhotosHere | None = None, runs: Sequence[Run] | None = None) -> Estimate:
        """Estimates what a run would take.

        Args:
            photos: Those of a folder that is not imported; None: looked up here.
            runs: All runs, newest first; None: read here. For who estimates many.

        Raises:
            BadRecipe: If its photos, or the run that it starts from, are not in this lab.
        """
        recipe = settled(recipe, self._store.source)
        plan, missing_mb = self._plan(recipe, photos), self._missing_mb(recipe)
        footprint = footprint_of(plan, missing_mb=missing_mb)
        runs = self._store.all() if runs is None else runs
        return estimate_of(
            plan, footprint, home=self._home, runs=runs, missing_mb=missing_mb, refusal=self._refusal(recipe, footprint)
        )

    def check_room(self, recipe: Recipe) -> None:
        """Checks that there is memory and disk for a run.

        Raises:
            NoRoom: If not.
        """
        check_room(self._footprint(recipe), recipe, self._home, self._settings)

    def check_disk(self, recipe: Recipe) -> None:
        """Checks that there is disk for a run that is about to begin.

        Raises:
            NoRoom: If not.
        """
        if self._settings.refuse:
            check_disk(self._footprint(settled(recipe, self._store.source)).disk_bytes, self._home, self._settings)

    def _refusal(self, recipe: Recipe, footprint: Footprint) -> str | None:
        try:
            check_room(footprint, recipe, self._home, self._settings)
        except NoRoom as error:
            return str(error)
        return None

    def _footprint(self, recipe: Recipe) -> Footprint:
        return footprint_of(self._plan(recipe), missing_mb=self._missing_mb(recipe))

    def _plan(self, recipe: Recipe, photos: PhotosHere | None = None) -> ExecutionPlan:
        if photos is None:
            classes, originals = len(self._data.classes_of(recipe.dataset)), self._data.originals(recipe.dataset)
            photos = originals, self._data.photos_of(recipe.dataset), classes
        return execution_plan(
            recipe,
            home=self._home,
            settings=self._settings,
            originals=photos[0],
            count=photos[1],
            classes=photos[2],
            source=self._store.source,
        )

    def _missing_mb(self, recipe: Recipe) -> float:
        return self._data.missing_mb(recipe.dataset, recipe.architecture if recipe.needs_pretrained else None)
