"""Looking into finished runs: what pages ask of a run and a photo, beside its class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.inference import explanations as looks
from flowerlab.inference.classify import model_of
from flowerlab.inference.embeddings import Part, Wanted
from flowerlab.inference.explanations import FeatureMaps, Filters, Look, SeenPhoto, Waiting, nothing
from flowerlab.inference.projection import chosen_for_map
from flowerlab.lab import Lab
from flowerlab.photos.reading import resize_photo
from flowerlab.results.answers import Answers
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run


def look(lab: Lab, run: Run, pixels: NDArray[np.uint8], label: int | None, *, waiting: Waiting = nothing) -> Look:
    """Returns where a run looks in a photo for a class; None: for the one that it answers.

    Args:
        lab: Whose run.
        run: With a model.
        pixels: uint8, (height, width, 3), RGB, of any size.
        label: Index of the class.
        waiting: As in `Predictor.ask`.

    Raises:
        RunFailed: If the run has no model.
        PredictorFailed: If the predictor does not answer.
    """
    return looks.look(lab.predictor, _model(lab, run), squared(run, pixels), label, waiting=waiting)


def feature_maps(
    lab: Lab, run: Run, pixels: NDArray[np.uint8], place: int, *, begin: int, count: int, waiting: Waiting = nothing
) -> FeatureMaps:
    """Returns what a layer makes of a photo; see `flowerlab.inference.explanations.feature_maps`."""
    return looks.feature_maps(
        lab.predictor, _model(lab, run), squared(run, pixels), place, begin=begin, count=count, waiting=waiting
    )


def first_filters(lab: Lab, run: Run, *, waiting: Waiting = nothing) -> Filters:
    """Returns the filters of a run's first convolution; see `flowerlab.inference.explanations.first_filters`."""
    return looks.first_filters(lab.predictor, _model(lab, run), waiting=waiting)


def seen_photo(lab: Lab, run: Run, pixels: NDArray[np.uint8], *, waiting: Waiting = nothing) -> SeenPhoto:
    """Returns a photo as a run's first convolution gets it; see `flowerlab.inference.explanations.seen_photo`."""
    return looks.seen_photo(lab.predictor, _model(lab, run), squared(run, pixels), waiting=waiting)


def features(lab: Lab, run: Run, pixels: NDArray[np.uint8], *, waiting: Waiting = nothing) -> NDArray[np.float32]:
    """Returns what a run computes its answer to a photo from: float32, (features,)."""
    found = lab.predictor.embed(_model(lab, run), squared(run, pixels)[None], waiting=waiting)
    return np.asarray(found[0], dtype=np.float32)


def squared(run: Run, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns a photo as a run sees it before preprocessing: uint8, (side, side, 3)."""
    return resize_photo(pixels, run.recipe.image_size, run.recipe.resize)


def training_photos(lab: Lab, run: Run) -> tuple[Originals, Wanted] | None:
    """Returns the photos that a run was trained on and which embedding is theirs; None if they are not in this lab."""
    originals = run_photos(lab.home, lab.store, lab.data, run)
    if originals is None:
        return None
    recipe = run.recipe
    order, parts = parts_of(originals, recipe.dataset, split=recipe.split, validation_fraction=recipe.validation_fraction)
    return originals, _wanted(lab, run, "train", np.sort(order[parts.train]), originals)


def tested_photos(lab: Lab, run: Run, answers: Answers) -> tuple[Originals, Wanted] | None:
    """Returns the photos of a run's map, of its test photos, and which embedding is theirs; None if they are not in this lab.

    Args:
        lab: Whose run.
        run: With a model.
        answers: To its test photos.
    """
    originals = run_photos(lab.home, lab.store, lab.data, run)
    if originals is None:
        return None
    known = [originals.positions[photo] for photo in answers.ids.tolist() if photo in originals.positions]
    positions = chosen_for_map(np.asarray(known, dtype=np.int64))
    return originals, _wanted(lab, run, "test", positions, originals)


def _wanted(lab: Lab, run: Run, part: Part, positions: NDArray[np.int64], originals: Originals) -> Wanted:
    recipe = run.recipe
    return Wanted(run.id, part, positions, originals.content, _model(lab, run), recipe.image_size, recipe.resize)


def _model(lab: Lab, run: Run) -> Path:
    return model_of(lab.home, run, purpose="look into")
