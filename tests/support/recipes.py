"""Recipes for tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as some

from flowerlab.architectures import ARCHITECTURES
from flowerlab.datasets.splits import SPLITS
from flowerlab.photos.augmentation import AUGMENTATIONS
from flowerlab.photos.reading import RESIZE_MODES
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.recipe import Recipe


@some.composite
def recipes(draw: some.DrawFn, **fixed: Any) -> Recipe:
    """Any recipe that can be trained."""
    chosen = ARCHITECTURES[draw(some.sampled_from(sorted(ARCHITECTURES)))]
    values: dict[str, Any] = {
        "architecture": chosen.name,
        "image_size": draw(some.integers(chosen.smallest_px, chosen.largest_px)),
        "epochs": draw(some.integers(1, 500)),
        "batch_size": draw(some.integers(1, 256)),
        "learning_rate": draw(some.floats(1e-6, 1.0)),
        "validation_fraction": draw(some.floats(0.05, 0.5)),
        "dropout": draw(some.sampled_from([0.0, 0.3, 0.123456789])),
        "head": tuple(draw(some.lists(some.integers(1, 1024), max_size=3))),
        "augment": draw(some.sampled_from(sorted(AUGMENTATIONS))),
        "resize": draw(some.sampled_from(sorted(RESIZE_MODES))),
        "split": draw(some.sampled_from(sorted(SPLITS))),
        "optimizer": draw(some.sampled_from(sorted(OPTIMIZERS))),
        "dataset": draw(some.sampled_from(["garden", "tf_flowers", "folder:Meine Fotos"])),
        "patience": draw(some.integers(1, 500)),
        "seed": draw(some.integers(0, 2**31 - 1)),
        **fixed,
    }
    if chosen.fine_tune_from is not None:
        names = ["none", "all", *(layer.name for layer in chosen.layers[1:])]
        values["unfreeze_from"] = draw(some.sampled_from(names))
        weights = [chosen.pretrained, "none", "file:mine.h5", "file:mine.keras"]
        values["weights"] = draw(some.sampled_from([word for word in weights if word]))
    if values["augment"] != "none":
        values["augment_views"] = draw(some.sampled_from([0, 4]))
    return Recipe.parse(values)


QUICK = Recipe(image_size=72, epochs=1, head=(4,))
SLOW = Recipe(image_size=72, epochs=500, patience=500)
