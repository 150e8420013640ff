"""A run's model in another format, and the photos that both are asked about to check it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowerlab.lab import Lab
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import Run
from flowerlab.tasks import Work
from flowerlab.tasks.convert_model import CHECKED_PHOTOS, Converted, convert_model


def conversion(lab: Lab, run: Run, to: str, suffix: str) -> Work[Converted]:
    """Returns the work of converting a run's model."""
    recipe = run.recipe

    def photos() -> NDArray[np.uint8]:
        found = _test_photos(lab, run) or _drawn()
        return np.stack([resize_photo(read_photo(data), recipe.image_size, recipe.resize) for data in found])

    return convert_model(lab.home.model(run.id), to, suffix, photos, lab.home, lab.settings)


def _test_photos(lab: Lab, run: Run) -> list[bytes]:
    originals, stored = run_photos(lab.home, lab.store, lab.data, run), load_predictions(lab.home.run(run.id))
    if originals is None or stored is None:
        return []
    places = [originals.positions.get(str(photo_id)) for photo_id in stored["test_ids"][:CHECKED_PHOTOS]]
    found = [originals.data(place) for place in places if place is not None]
    return found if len(found) == CHECKED_PHOTOS else []


def _drawn() -> list[bytes]:
    # The web process never draws at its start.
    from flowerlab.datasets.garden.pictures import draw_original

    return [draw_original(number).data for number in range(CHECKED_PHOTOS)]
