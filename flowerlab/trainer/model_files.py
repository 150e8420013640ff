"""Models of finished runs on disk: as Keras saves them, or compact.

A compact model is an npz with the recipe, the number of classes and the weights in float16, in the order of
`model.get_weights()`: half the size, for what is shipped. It is built from its recipe and widened to float32 when it is loaded.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from flowerlab.datasets.folder_checks import MAX_CLASSES, MIN_CLASSES
from flowerlab.errors import BadModel, legible
from flowerlab.recipe.recipe import Recipe
from flowerlab.system.safe_arrays import read_npz
from flowerlab.system.safe_models import check_model_file
from flowerlab.trainer.networks import build

COMPACT = ".npz"


def load_saved(path: Path) -> keras.Model:
    """Loads a run's model: 0..255 RGB photos float32 (n, height, width, 3) → probabilities float32 (n, classes).

    Args:
        path: As `Home.model` gives it.

    Raises:
        BadModel: If it is no such model, or holds more than layers and numbers.
    """
    return load_keras(path) if path.suffix != COMPACT else _load_compact(path)


def load_keras(path: Path) -> keras.Model:
    """Loads a model that Keras saved, in safe mode.

    Raises:
        BadModel: If it is none, or holds more than layers and numbers.
    """
    check_model_file(path)
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        # Whatever Keras meets on the way: it is the file's doing.
        raise _unusable(path, error) from error


def _load_compact(path: Path) -> keras.Model:
    try:
        arrays = read_npz(path)
        classes = int(arrays["classes"])
        if not MIN_CLASSES <= classes <= MAX_CLASSES:
            raise ValueError(f"{classes} classes")
        model = build(Recipe.model_validate_json(str(arrays["recipe"])), classes).model
        names = sorted(name for name in arrays if name.startswith("weight_"))
        model.set_weights([arrays[name].astype(np.float32) for name in names])
    except Exception as error:
        raise _unusable(path, error) from error
    return model


def _unusable(path: Path, error: Exception) -> BadModel:
    return BadModel(
        f"The model {legible(path.name)} cannot be used. Expected one that Keras or Flowerlab saved. "
        f"Received: {type(error).__name__}: {legible(str(error), 200)}. Train that run again, or choose another file."
    )
