"""What a trainer does while it waits."""

from __future__ import annotations

import keras
import pytest

from flowerlab.home import Home
from flowerlab.presets import preset_recipe
from flowerlab.trainer import run
from flowerlab.trainer.rehearsal import rehearse
from flowerlab.trainer.shelf import Shelf
from tests.trainer.test_features import attempt


@pytest.mark.parametrize("letter", ["A", "B"])
def test_a_rehearsed_recipe_is_not_traced_again(home: Home, monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    """After the rehearsal, the first run of A, and that of B on the network that ships, find their networks traced."""
    run.SHELF.clear()
    rehearse(run.SHELF, wanted=lambda: False)
    traced = []
    step = keras.Model.train_step
    # Keras calls it while it traces, and never again.
    monkeypatch.setattr(keras.Model, "train_step", lambda model, data: traced.append(model) or step(model, data))
    attempt(home, preset_recipe(letter, architecture="vgg16_mini", shared={"epochs": 1}), training_precision="auto")
    assert not traced


def test_who_is_wanted_rehearses_no_further() -> None:
    """A run that waits is begun before the next network is rehearsed."""
    shelf = Shelf()
    asked = iter([False, True])
    rehearse(shelf, wanted=lambda: next(asked))
    assert len(shelf) == 1
    assert not list(asked)
