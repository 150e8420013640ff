"""Compact models, as the starter is shipped: see `flowerlab.trainer.model_files`, which reads them."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from flowerlab.recipe.recipe import Recipe


def write_compact(path: Path, model: keras.Model, recipe: Recipe, classes: int) -> None:
    """Writes a model that was built from a recipe.

    Args:
        path: Ends in `.npz`.
        model: As `build(recipe, classes).model`.

    Raises:
        ValueError: If a weight does not fit into float16.
    """
    weights = model.get_weights()
    largest = max(float(np.abs(value).max()) for value in weights)
    if not largest <= float(np.finfo(np.float16).max):
        raise ValueError(f"A weight does not fit into float16. Expected at most 65504. Received: {largest:g}.")
    named = {f"weight_{number:03d}": value.astype(np.float16) for number, value in enumerate(weights)}
    np.savez(path, recipe=np.asarray(recipe.model_dump_json()), classes=np.asarray(classes), **named)
