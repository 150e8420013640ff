"""What a trainer does while it waits."""

from __future__ import annotations

import io
import json

import keras
import pytest

from flowerlab.engine.process import first_words
from flowerlab.home import Home
from flowerlab.recipe.presets import preset_recipe
from flowerlab.settings import Settings, Wish
from flowerlab.trainer import train_loop
from flowerlab.trainer.model_pool import ModelPool
from flowerlab.trainer.preparation import POOL
from flowerlab.trainer.warm_up import rehearse
from tests.support.attempts import attempt


@pytest.mark.parametrize(("letter", "wish"), [("A", "auto"), ("A", "float32"), ("B", "auto")])
def test_a_rehearsed_recipe_is_not_traced_again(home: Home, monkeypatch: pytest.MonkeyPatch, letter: str, wish: Wish) -> None:
    """After the rehearsal, the first run of A, in whatever precision, and that of B on the network that ships, are traced."""
    POOL.clear()
    rehearse(POOL, wish, wanted=lambda: False)
    traced = []
    step = keras.Model.train_step
    # Keras calls it while it traces, and never again.
    monkeypatch.setattr(keras.Model, "train_step", lambda model, data: traced.append(model) or step(model, data))
    attempt(home, preset_recipe(letter, architecture="vgg16_mini", shared={"epochs": 1}), training_precision=wish)
    assert not traced


def test_who_is_wanted_rehearses_no_further() -> None:
    """A run that waits is begun before the next network is rehearsed."""
    pool = ModelPool()
    asked = iter([False, True])
    rehearse(pool, "auto", wanted=lambda: next(asked))
    assert len(pool) == 1
    assert not list(asked)


@pytest.mark.parametrize("wish", ["auto", "float32", "bfloat16"])
def test_a_trainer_rehearses_in_the_precision_of_the_settings(home: Home, monkeypatch: pytest.MonkeyPatch, wish: Wish) -> None:
    """What the lab's settings say reaches the process that rehearses with its first message."""

    class Rehearsed(Exception):
        """The loop behind it would never end."""

    def note(pool: ModelPool, wish: Wish, wanted: object) -> None:
        raise Rehearsed(wish)

    words = first_words(home, Settings(training_precision=wish))
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(words) + "\n"))
    for name in ("start_up", "_listen"):
        monkeypatch.setattr(train_loop, name, lambda *_: None)
    monkeypatch.setattr(train_loop, "rehearse", note)
    with pytest.raises(Rehearsed) as rehearsed:
        train_loop.main(io.StringIO())
    assert rehearsed.value.args == (wish,)
