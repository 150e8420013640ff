"""Whole runs by a real trainer: what is on disk afterwards agrees with itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix

from flowerlab.errors import BadRecipe
from flowerlab.experiments.lecture import start_lecture
from flowerlab.lab import Lab
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from flowerlab.system.versions import versions_here


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    """A lab with a real trainer."""
    opened = Lab(settings)
    yield opened
    opened.close()


def agree(lab: Lab, run: Run, *, within: float = 0.002) -> None:
    """The figures are scikit-learn's, and the saved model answers plain photos as the stored probabilities say."""
    result, stored = run.result, load_predictions(lab.home.run(run.id))
    assert result is not None
    assert stored is not None
    answers = stored["test_probabilities"].argmax(axis=1)
    assert result.test_accuracy == accuracy_score(stored["test_truth"], answers)
    assert result.confusion_matrix == confusion_matrix(stored["test_truth"], answers, labels=range(len(result.classes))).tolist()
    best = stored["val_probabilities"][result.best_epoch].argmax(axis=1)
    assert result.val_accuracy == pytest.approx(accuracy_score(stored["val_truth"], best))
    originals = lab.data.originals(run.recipe.dataset)
    assert originals is not None
    position = {photo_id: number for number, photo_id in enumerate(originals.ids)}
    photos = np.stack(
        [
            resize_photo(read_photo(originals.data(position[photo_id])), run.recipe.image_size, run.recipe.resize)
            for photo_id in stored["test_ids"]
        ]
    )
    assert Recipe.parse(json.loads((lab.home.run(run.id) / "recipe.json").read_text())) == run.recipe
    model = keras.models.load_model(lab.home.model(run.id), safe_mode=True)
    direct = model.predict(photos.astype(np.float32), verbose=0)
    assert np.abs(direct - stored["test_probabilities"]).max() <= within
    two = np.sort(stored["test_probabilities"], axis=1)[:, -2:]
    sure = two[:, 1] - two[:, 0] > within
    assert (direct.argmax(axis=1) == answers)[sure].all()


def assert_weights_moved(lab: Lab, source: Run, run: Run) -> None:
    """The run's relative weight changes are those between the two saved models, layer by layer; the others are equal."""
    assert run.result is not None
    changes = dict(run.result.weight_changes or {})
    begun, ended = (
        {layer.name: np.concatenate([weight.ravel() for weight in layer.get_weights()]) for layer in every_layer(model)}
        for model in (keras.models.load_model(lab.home.model(one.id), safe_mode=True) for one in (source, run))
    )
    assert {"block_13_expand", "dense1", "answer"} <= set(changes)
    for name, before in begun.items():
        moved = float(np.linalg.norm(ended[name] - before) / np.linalg.norm(before))
        assert moved == pytest.approx(changes.pop(name, 0.0), rel=1e-4), name
    assert not changes


def every_layer(model: keras.Model) -> Iterator[keras.Layer]:
    """The layers with weights, also those of models inside."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from every_layer(layer)
        elif layer.weights:
            yield layer


def test_the_lecture_on_the_garden(lab: Lab) -> None:
    """A, B, C and gently train to the end; B's features are cached, C goes on from B, and all agree with their models."""
    shared = {"image_size": 72, "epochs": 2, "head": (8,)}
    started = start_lecture(lab, architecture="mobilenet_v2_035", weights="none", shared=shared, letters=("A", "B", "C", "gently"))
    lab.queue.wait([entry.run.id for entry in started.values()])
    runs = {letter: lab.store.get(entry.run.id) for letter, entry in started.items()}
    assert {run.state for run in runs.values()} == {RunState.DONE}, [run.message for run in runs.values()]
    cached = {letter: run.result is not None and run.result.cached_features for letter, run in runs.items()}
    assert cached == {"A": False, "B": True, "C": True, "gently": True}
    # A lesson pack takes along the features of the network that it is asked for.
    abouts = [json.loads(path.read_bytes()) for path in lab.home.features.glob("*/about.json")]
    assert [about["architecture"] for about in abouts] == ["mobilenet_v2_035"] * 2
    for run in runs.values():
        agree(lab, run)
        result = run.result
        assert result is not None
        counts = run.recipe.chosen.counts(image_size=72, unfreeze_from=run.recipe.unfreeze_from, head=run.recipe.head, classes=5)
        assert result.versions == versions_here()
        assert (result.total_parameters, result.trainable_parameters) == (counts.total, counts.trainable)
    assert_weights_moved(lab, runs["B"], runs["C"])
    again = start_lecture(lab, architecture="mobilenet_v2_035", weights="none", shared=shared)
    assert all(entry.existing for entry in again.values())
    with pytest.raises(BadRecipe, match="head"):
        lab.queue.start(runs["C"].recipe.changed(head=(9,)))


@pytest.mark.nightly
@pytest.mark.real_data
def test_transfer_learning_on_real_photos(settings: Settings) -> None:
    """With MobileNetV2's real weights one epoch of B at 96 px names most of the 1,097 test photos rightly."""
    lab = Lab(settings)
    try:
        values = {"dataset": "tf_flowers", "image_size": 96, "epochs": 1}
        started = start_lecture(lab, architecture="mobilenet_v2_035", shared=values, letters=("B",))["B"]
        lab.queue.wait([started.run.id])
        run = lab.store.get(started.run.id)
        assert run.state is RunState.DONE, run.message
        assert run.result is not None
        assert run.result.test_photos == 1097
        assert run.result.test_accuracy is not None
        assert run.result.test_accuracy > 0.6
        agree(lab, run)
    finally:
        lab.close()


def test_without_network_missing_data_is_one_sentence(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where tf_flowers cannot be had the run fails with what is missing, how large it is, and the two ways out."""
    lab.close()
    monkeypatch.setenv("TFDS_DATA_DIR", str(lab.home.root / "nothing"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    offline = Lab(lab.settings)
    try:
        started = start_lecture(offline, shared={"dataset": "tf_flowers"}, letters=("A",))["A"]
        offline.queue.wait([started.run.id])
        run = offline.store.get(started.run.id)
        assert run.state is RunState.FAILED
        for word in ("229 MB", "garden", "TFDS_DATA_DIR"):
            assert word in run.message
        assert "\n" not in run.message
    finally:
        offline.close()
