"""Finished runs name what is on photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.errors import RunFailed
from flowerlab.home import Home
from flowerlab.inference.predictor import Predictor
from flowerlab.photos.reading import resize_photo
from flowerlab.runs.run import Run
from flowerlab.store import Store


def finished_runs(store: Store, home: Home) -> list[Run]:
    """Returns the runs that have a model, newest first."""
    return [run for run in store.all() if has_model(home, run)]


def has_model(home: Home, run: Run) -> bool:
    """Whether a run has a model. While it is trained further it keeps the one that it had."""
    return run.result is not None and home.model(run.id).exists()


def model_of(home: Home, run: Run, *, purpose: str = "classify with") -> Path:
    """Returns the file of a run's model.

    Raises:
        RunFailed: If it has none, in a sentence that names the purpose.
    """
    if not has_model(home, run):
        raise RunFailed(f"{run.name!r} has no model to {purpose}. Choose a run that is done.")
    return home.model(run.id)


def predict(predictor: Predictor, home: Home, run: Run, photos: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Classifies photos with a finished run.

    Args:
        photos: uint8 (height, width, 3), RGB, of any size: they are resized as the run's training photos were.

    Returns:
        float32, (photos, classes), probabilities.

    Raises:
        RunFailed: If the run has no model.
        PredictorFailed: If the predictor does not answer.
    """
    return predictor.predict(model_of(home, run), (squared(run, photo) for photo in photos))


def squared(run: Run, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Returns a photo as a run's network sees it before preprocessing: uint8, (side, side, 3), RGB."""
    return resize_photo(pixels, run.recipe.image_size, run.recipe.resize)


def warm_predictor(predictor: Predictor, home: Home, finished: Sequence[Run]) -> None:
    """Starts the process that classifies, and has it load the first of these runs' models, without waiting."""
    if finished:
        size = finished[0].recipe.image_size
        predictor.warm(home.model(finished[0].id), (size, size))
    else:
        predictor.warm()
