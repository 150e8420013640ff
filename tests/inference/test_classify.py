"""Which runs can name photos, and what the predictor gets of a photo."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flowerlab.errors import RunFailed
from flowerlab.home import Home
from flowerlab.inference.classify import finished_runs, model_of, predict, warm_predictor
from flowerlab.inference.predictor import Predictor
from flowerlab.lab import Lab
from tests.support.runs import add_finished


def test_a_run_without_its_model_is_not_offered(home: Home, idle_lab: Lab) -> None:
    """Runs that have a model come newest first; one whose file is gone is left out, and refused in a sentence that says for what."""
    first, second, third = (add_finished(home, name, seed=seed) for seed, name in enumerate("abc"))
    home.model(second.id).unlink()
    assert [run.id for run in finished_runs(idle_lab.store, home)] == [third.id, first.id]
    assert model_of(home, first) == home.model(first.id)
    with pytest.raises(RunFailed, match="'b' has no model to look into"):
        model_of(home, second, purpose="look into")


def test_photos_are_resized_as_the_run_s_own_were(home: Home, idle_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a photo's size, the model gets the square that its recipe names; warming says that size too."""
    run = add_finished(home, "run", image_size=72)
    sizes: list[tuple[int, ...]] = []

    def answer(predictor: Predictor, model: Path, photos: Iterable[NDArray[np.uint8]]) -> NDArray[np.float32]:
        assert model == home.model(run.id)
        sizes.extend(photo.shape for photo in photos)
        return np.zeros((len(sizes), 5), dtype=np.float32)

    warmed: list[tuple[object, ...]] = []
    monkeypatch.setattr(Predictor, "predict", answer)
    monkeypatch.setattr(Predictor, "warm", lambda predictor, *about: warmed.append(about))
    photos = [np.zeros((40, 60, 3), dtype=np.uint8), np.zeros((200, 100, 3), dtype=np.uint8)]
    assert predict(idle_lab.predictor, home, run, photos).shape == (2, 5)
    assert sizes == [(72, 72, 3)] * 2
    warm_predictor(idle_lab.predictor, home, [run])
    warm_predictor(idle_lab.predictor, home, [])
    assert warmed == [(home.model(run.id), (72, 72)), ()]
