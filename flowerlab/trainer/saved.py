"""Models of finished runs on disk: as Keras saves them, or compact.

A compact model is an npz with the recipe, the number of classes and the weights in float16, in the order of
`model.get_weights()`: half the size, for what is shipped. It is built from its recipe and widened to float32 when it is loaded.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from flowerlab.recipe import Recipe
from flowerlab.trainer.models import build

COMPACT = ".npz"


def write_compact(path: Path, model: keras.Model, recipe: Recipe, classes: int) -> None:
    """Writes a model that was built from a recipe.

    Args:
        path: Ends in `.npz`.
        model: As `build(recipe, classes).model`.
        recipe: What it is built from again.
        classes: Number of classes.

    Raises:
        ValueError: If a weight does not fit into float16.
    """
    weights = model.get_weights()
    largest = max(float(np.abs(value).max()) for value in weights)
    if not largest <= float(np.finfo(np.float16).max):
        raise ValueError(f"A weight does not fit into float16. Expected at most 65504. Received: {largest:g}.")
    named = {f"weight_{number:03d}": value.astype(np.float16) for number, value in enumerate(weights)}
    np.savez(path, recipe=np.asarray(recipe.model_dump_json()), classes=np.asarray(classes), **named)


def load_saved(path: Path) -> keras.Model:
    """Loads a run's model: 0..255 RGB photos float32 (n, height, width, 3) → probabilities float32 (n, classes).

    Args:
        path: As `Home.model` gives it.
    """
    if path.suffix != COMPACT:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    with np.load(path, allow_pickle=False) as arrays:
        model = build(Recipe.model_validate_json(str(arrays["recipe"])), int(arrays["classes"])).model
        names = sorted(name for name in arrays.files if name.startswith("weight_"))
        model.set_weights([arrays[name].astype(np.float32) for name in names])
    return model
