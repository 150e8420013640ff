"""The weights that come with Flowerlab."""

from __future__ import annotations

import numpy as np
import pytest

from flowerlab.architectures import ARCHITECTURES
from flowerlab.architectures.pretrained import find_weights
from flowerlab.errors import BadRecipe
from flowerlab.recipe.recipe import Recipe


def test_the_shipped_weights_fit_the_table() -> None:
    """VGG16 mini's file holds float16 numbers for exactly the layers of its table, and is at most 6 MB."""
    chosen = ARCHITECTURES["vgg16_mini"]
    path = find_weights(chosen)
    assert path is not None
    assert path.stat().st_size <= 6_000_000
    with np.load(path, allow_pickle=False) as arrays:
        assert {array.dtype for array in arrays.values()} == {np.dtype(np.float16)}
        held: dict[str, int] = {}
        for name, array in arrays.items():
            assert np.isfinite(array).all()
            held[name.split("/")[0]] = held.get(name.split("/")[0], 0) + array.size
    assert held == {layer.name: layer.parameters for layer in chosen.layers if layer.parameters}


def test_each_network_has_its_own_pretrained_weights() -> None:
    """Left out, weights are the architecture's own; those of another kind are refused with a sentence."""
    assert Recipe.parse({"architecture": "vgg16_mini"}).weights == "flowerlab"
    assert Recipe.parse({"architecture": "vgg16"}).weights == "imagenet"
    assert Recipe.parse({}).weights == "none"
    for name, weights in (("vgg16_mini", "imagenet"), ("vgg16", "flowerlab")):
        with pytest.raises(BadRecipe, match=f"none or a file for {name}.*Received: weights='{weights}'"):
            Recipe.parse({"architecture": name, "weights": weights})
