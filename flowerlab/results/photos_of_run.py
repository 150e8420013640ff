"""The photos that a run was trained and tested on, if they are still here."""

from __future__ import annotations

from typing import Any

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.catalog import dataset_source
from flowerlab.datasets.originals import Originals
from flowerlab.home import Home
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.provenance import photos_in
from flowerlab.runs.run import Run
from flowerlab.store import Store


def photos_of(store: Store, run: Run) -> str:
    """Returns what tells a run's photos from others, also from others of the same name: an id is the same photo only within these."""
    # Published photos are the same everywhere; the starter, which was trained elsewhere, does not say which it had.
    return dataset_source(run.recipe.dataset).published or photos_in(store.materials(run.id))


def run_photos(home: Home, store: Store, data: Availability, run: Run) -> Originals | None:
    """Returns the photos that a run was trained on; None if they are not in this lab (any more).

    An own folder may have been deleted, and another imported under its name; the garden may have been given another size.
    """
    originals = data.originals(run.recipe.dataset)
    # Where photos are kept is named by what tells them from others.
    if originals is None or originals.folder.name != photos_of(store, run):
        return None
    if photos_in(store.materials(run.id)) == originals.folder.name:
        return originals
    # The starter names no photos. It was made where some of tf_flowers' photos were missing, and its ids are positions.
    return originals if _has_its_labels(originals, load_predictions(home.run(run.id))) else None


def _has_its_labels(originals: Originals, stored: dict[str, Any] | None) -> bool:
    """Whether every test photo of a run is here and has the label that the run was trained with."""
    if stored is None:
        return True
    labels = [
        int(originals.labels[originals.positions[photo]]) if photo in originals.positions else None
        for photo in stored["test_ids"].tolist()
    ]
    return bool(labels == stored["test_truth"].tolist())
