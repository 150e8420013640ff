"""The table of optimizers."""

from __future__ import annotations

import pytest

from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.optimizers import OPTIMIZERS
from flowerlab.recipe.recipe import Recipe


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_entry_is_complete(name: str) -> None:
    """Each optimizer has a sentence for pupils, a class and its number of arrays, and is one that a recipe can name."""
    entry = OPTIMIZERS[name]
    assert entry.name == name
    assert entry.title.endswith(".")
    assert entry.keras_class.isidentifier()
    assert entry.slots >= 0
    assert KNOBS["optimizer"].choices[name] == entry.title
    assert Recipe.parse({"optimizer": name}).optimizer == name
