"""Hostile model and weights files through Keras itself: nothing in them runs, and each is one sentence."""

from __future__ import annotations

import io
import json
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from flowerlab.errors import BadModel
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.system.safe_models import check_model_file
from flowerlab.trainer import networks as models
from flowerlab.trainer import predict_loop as predict
from flowerlab.trainer import starting_weights
from flowerlab.trainer.model_files import load_saved
from tests.support.hostile.judging import refusal
from tests.support.hostile.models import CASES, npz_file
from tools.starter.compact import write_compact

SMALL = Recipe.parse({"architecture": "vgg16_mini", "weights": "none", "image_size": 32, "head": [], "unfreeze_from": "all"})


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A small network of three classes."""
    return models.build(SMALL, 3).model


@pytest.fixture(scope="module")
def saved(model: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That network as Keras saves it."""
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    model.save(path)
    return path


def begin_from(home: Home, file: Path) -> None:
    """Begins a run with the weights of a file."""
    recipe = SMALL.changed(weights=f"file:{file.name}")
    starting_weights.load_starting_weights(models.build(recipe, 3), recipe, home, lambda step, done, total: None)


def test_what_keras_saves_is_let_through(saved: Path, model: keras.Model, tmp_path: Path) -> None:
    """The models, weights and compact models that we write ourselves pass the check that comes before loading."""
    model.save_weights(tmp_path / "own.weights.h5")
    model.save(tmp_path / "with_optimizer.keras")
    write_compact(tmp_path / "model.npz", model, SMALL, 3)
    for name in models_of_every_architecture(tmp_path):
        check_model_file(name)
    for file in (saved, tmp_path / "own.weights.h5", tmp_path / "with_optimizer.keras", tmp_path / "model.npz"):
        check_model_file(file)


def models_of_every_architecture(folder: Path) -> list[Path]:
    """Saves a compiled network whose preprocessing and head have every layer that ours have."""
    made = []
    for name, knobs in {
        "handmade": {"image_size": 72},
        "mobilenet_v2_035": {"image_size": 32, "weights": "none", "unfreeze_from": "all", "head": [5], "dropout": 0.5},
    }.items():
        network = models.build(Recipe.parse({"architecture": name, **knobs}), 3).model
        network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        made.append(folder / f"{name}.keras")
        network.save(made[-1])
    return made


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.words])
def test_a_hostile_file_is_never_loaded(home: Home, name: str) -> None:
    """As the model of a run or as starting weights: pickles, Lambdas, programs and bombs are refused in one sentence."""
    case = CASES[name]
    file = home.weights / f"own{case.suffix}"
    file.write_bytes(case.make())
    said = refusal(lambda: load_saved(file), BadModel, watched=home.root)
    assert said is not None
    if case.suffix != ".npz":
        assert case.words in said
        assert refusal(lambda: begin_from(home, file), BadModel, watched=home.root) == said


def rewritten(saved: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A saved model with other entries, stored as Keras stores them."""
    with zipfile.ZipFile(saved) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target


def with_weights(change: Callable[[h5py.File, Path], None], secret: Path) -> Callable[[dict[str, bytes]], None]:
    """A change of the weights of a saved model."""

    def changed(files: dict[str, bytes]) -> None:
        inside = io.BytesIO(files["model.weights.h5"])
        with h5py.File(inside, "r+") as weights:
            change(weights, secret)
        files["model.weights.h5"] = inside.getvalue()

    return changed


def _first(weights: h5py.File) -> str:
    found: list[str] = []
    weights.visititems(lambda name, part: found.append(name) if isinstance(part, h5py.Dataset) else None)
    return next(name for name in found if name.endswith("/0"))


def _link_outside(weights: h5py.File, secret: Path) -> None:
    name = _first(weights)
    del weights[name]
    weights[name] = h5py.ExternalLink(str(secret), "/secret")


def _store_outside(weights: h5py.File, secret: Path) -> None:
    name = _first(weights)
    shape = weights[name].shape
    del weights[name]
    weights.create_dataset(name, shape, "f4", external=[(str(secret), 0, h5py.h5f.UNLIMITED)])


def _claim_terabytes(weights: h5py.File, secret: Path) -> None:
    name = _first(weights)
    del weights[name]
    weights.create_dataset(name, (10**6, 10**6, 3), "f4", chunks=(100, 100, 3))


def _lose_a_weight(weights: h5py.File, secret: Path) -> None:
    del weights[_first(weights)]


def _other_shape(weights: h5py.File, secret: Path) -> None:
    name = _first(weights)
    del weights[name]
    weights[name] = np.zeros((2, 2), dtype=np.float32)


INSIDE = (_link_outside, _store_outside, _claim_terabytes, _lose_a_weight, _other_shape)


@pytest.mark.parametrize("change", INSIDE)
def test_weights_that_reach_outside_or_do_not_fit(
    home: Home, saved: Path, tmp_path: Path, change: Callable[[h5py.File, Path], None]
) -> None:
    """Links to other files, arrays that lie in other files, terabytes, and weights of another network: one sentence, none loaded."""
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.ones((3, 3, 3, 16), dtype=np.float32)
    file = rewritten(saved, home.weights / "own.keras", with_weights(change, secret))
    assert refusal(lambda: load_saved(file), BadModel, watched=home.root) is not None
    assert refusal(lambda: begin_from(home, file), BadModel, watched=home.root) is not None


def test_damage_inside_is_one_sentence(home: Home, saved: Path) -> None:
    """A saved model with zeros anywhere in it is refused in a sentence, or was not hurt where it matters."""
    data = saved.read_bytes()
    refused = 0
    for share in range(0, 100, 7):
        at = len(data) * share // 100
        file = home.weights / "own.keras"
        file.write_bytes(data[:at] + bytes(600) + data[at + 600 :])
        refused += refusal(lambda file=file: load_saved(file), BadModel) is not None
    assert refused >= 10


def _other_class(config: dict[str, Any]) -> None:
    config["config"]["layers"][1]["class_name"] = "NoSuchLayer"


def _no_layers(config: dict[str, Any]) -> None:
    config["config"] = {}


def _huge(config: dict[str, Any]) -> None:
    config["config"]["layers"] *= 3


@pytest.mark.parametrize("change", [_other_class, _no_layers, _huge])
def test_a_network_that_cannot_be_built(home: Home, saved: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """A list of layers that Keras cannot build, or that does not fit the weights, is refused in a sentence."""

    def edit(files: dict[str, bytes]) -> None:
        config = json.loads(files["config.json"])
        change(config)
        files["config.json"] = json.dumps(config).encode()

    file = rewritten(saved, home.weights / "own.keras", edit)
    assert refusal(lambda: load_saved(file), BadModel, watched=home.root) is not None


@pytest.mark.parametrize(
    "values",
    [{}, {"classes": 5}, {"classes": 10**9}, {"classes": -1}, {"recipe": "{"}, {"recipe": '{"epochs": -1}'}, {"weight_000": [1.0]}],
)
def test_a_compact_model_that_is_none(tmp_path: Path, values: dict[str, Any]) -> None:
    """A compact model without a recipe, of a billion classes, or with other weights than its recipe's is refused in a sentence."""
    good = {"recipe": SMALL.model_dump_json(), "classes": 3}
    (tmp_path / "model.npz").write_bytes(npz_file(**({k: np.asarray(v) for k, v in (good | values).items()} if values else {})))
    said = refusal(lambda: load_saved(tmp_path / "model.npz"), BadModel, watched=tmp_path)
    assert said is not None
    if "classes" in values:
        # Nothing of that size was built.
        assert f"{values['classes']} classes" in said or values["classes"] == 5


def test_the_predictor_answers_with_the_sentence(home: Home) -> None:
    """Who asks a run whose model is a pickle is told so, before Keras sees the file."""
    file = home.weights / "own.keras"
    file.write_bytes(CASES["a pickle, .keras"].make())
    with pytest.raises(BadModel, match="a pickle, which is a program"):
        predict._loaded(OrderedDict(), file)
