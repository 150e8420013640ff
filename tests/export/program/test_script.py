"""The program in plain Keras: whatever the recipe, it is Python, needs nothing of Flowerlab, and cuts the photos as the lab does."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some

from flowerlab.architectures import ARCHITECTURES
from flowerlab.architectures.handmade import STEPS
from flowerlab.datasets.catalog import FLOWERS
from flowerlab.datasets.splits import SPLITS, make_split
from flowerlab.export.program.script import script
from flowerlab.export.program.sections import sections
from flowerlab.export.program.stages import Stage, beside
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from tests.support.recipes import recipes

ALLOWED = {"keras", "tensorflow", "tensorflow_datasets", "numpy", "pathlib"}
SOURCE = "0123456789ab"
MINI = "vgg16_mini"


def imported(text: str) -> set[str]:
    """First parts of what a program imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def call_of(text: str, name: str) -> list[dict[str, Any]]:
    """Literal keyword arguments of all calls of a function or method, in order."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name:
            given = {word.arg: word.value for word in node.keywords}
            found.append({str(key): value.value for key, value in given.items() if isinstance(value, ast.Constant)})
    return found


@hypothesis_settings(max_examples=25)
@given(some.lists(recipes(), min_size=1, max_size=3))
def test_every_recipe_becomes_a_program_of_keras_alone(chain: list[Recipe]) -> None:
    """Any recipe, and any that goes on from others, is valid Python that imports Keras, TensorFlow and no Flowerlab, and holds its
    epochs, patience and learning rate to the last digit."""
    text = script([Stage(recipe, FLOWERS) for recipe in chain], name="A run")
    assert imported(text) <= ALLOWED
    assert "flowerlab" not in {word.casefold() for word in imported(text)}
    assert [one["epochs"] for one in call_of(text, "fit")] == [recipe.epochs for recipe in chain]
    assert [one["patience"] for one in call_of(text, "EarlyStopping")] == [recipe.patience for recipe in chain]
    rates = [float(rate) for rate in re.findall(r"\(learning_rate=([\de.+-]+)\)", text)]
    assert rates == [recipe.learning_rate for recipe in chain]
    assert max(map(len, text.splitlines())) <= 140


@hypothesis_settings(max_examples=25)
@given(recipes())
def test_the_network_is_the_recipe_s(recipe: Recipe) -> None:
    """Head, dropout, starting weights and the first layer that learns stand in the program as in the recipe."""
    text = script([Stage(recipe, FLOWERS)], name="A run")
    assert [int(units) for units in re.findall(r"layers\.Dense\((\d+), activation=\"relu\"\)", text)] == list(recipe.head)
    drops = re.findall(r"layers\.Dropout\(([\d.]+)\)", text)
    assert [float(share) for share in drops] == ([recipe.dropout] * max(1, len(recipe.head)) if recipe.dropout else [])
    assert ('weights="imagenet"' in text) == (recipe.weights == "imagenet")
    assert ('np.load("vgg16_mini.npz")' in text) == (recipe.weights == "flowerlab")
    if recipe.weights.startswith("file:"):
        assert recipe.weights.removeprefix("file:") in beside([Stage(recipe, FLOWERS)])
    if not recipe.from_scratch and recipe.unfreeze_from not in ("none", "all"):
        assert f'index("{recipe.unfreeze_from}")' in text


@hypothesis_settings(max_examples=25)
@given(
    some.integers(10, 5000),
    some.floats(0.05, 0.5),
    some.sampled_from(sorted(SPLITS)),
    some.one_of(some.none(), some.tuples(some.integers(1, 4), some.integers(5, 9))),
)
def test_the_program_cuts_photos_as_the_lab_does(count: int, fraction: float, split: str, cuts: tuple[int, int] | None) -> None:
    """The same photos train, validate and test, for any number of photos, share and split; cuts that identical photos moved are told."""
    recipe = Recipe.parse({"split": split, "validation_fraction": fraction})
    names: dict[str, Any] = {"photos": np.arange(count), "labels": np.arange(count)}
    (split_code,) = [one.code for one in sections([Stage(recipe, FLOWERS, cuts)]) if one.title.startswith("Which photos train")]
    exec(split_code, names)
    expected = make_split(count, split=split, validation_fraction=fraction)
    begin, end = cuts or (len(expected.train), len(expected.train) + len(expected.validation))
    test = expected.test if split == "lecture" else np.arange(end, count)
    for part, positions in (("train", np.arange(begin)), ("validation", np.arange(begin, end)), ("test", test)):
        assert names[part][0].tolist() == positions.tolist()


@hypothesis_settings(max_examples=25)
@given(
    some.text(some.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60),
    some.lists(some.text(min_size=1, max_size=20), min_size=2, max_size=4, unique=True),
)
def test_names_that_somebody_typed_are_only_names(name: str, classes: list[str]) -> None:
    """A run or class of any name leaves the program what it is: its name is a comment, its classes are texts."""
    text = script([Stage(Recipe.parse({}), tuple(classes))], name=name)
    plain = script([Stage(Recipe.parse({}), tuple(classes))], name="A run")
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(plain))
    listed = next(node for node in ast.parse(text).body if isinstance(node, ast.Assign) and isinstance(node.value, ast.List))
    assert ast.literal_eval(listed.value) == classes


def test_stages_are_not_repeated_where_nothing_changes() -> None:
    """B and then C: one network, one set of photos, two trainings; a third stage with other photos reads those."""
    b = preset_recipe("B", architecture=MINI)
    c = preset_recipe("C", architecture=MINI, start_from=SOURCE)
    titles = [section.title for section in sections([Stage(b, FLOWERS), Stage(c, FLOWERS)])]
    assert [titles.count(title) for title in ("The network", "The photos", "Photos in batches")] == [1, 1, 1]
    assert titles[-3:] == ["Training, stage 1 of 2", "Training, stage 2 of 2", "The test"]
    other = Stage(c.changed(dataset="tf_flowers", dropout=0.5, batch_size=8, seed=3), FLOWERS)
    text = script([Stage(b, FLOWERS), other], name="A run")
    assert text.count("tfds.load(") == 1
    assert "import tensorflow_datasets as tfds" in text
    assert "from pathlib import Path" in text
    assert "model.set_weights(before.get_weights())" in text
    assert "BATCH_SIZE = 8\nSEED = 3" in text


def test_every_architecture_has_its_code() -> None:
    """No architecture is forgotten, and the hand-made one has the lecture's layers."""
    for name in set(ARCHITECTURES) - {MINI, "handmade"}:
        program = script([Stage(preset_recipe("B", architecture=name), FLOWERS)], name="B")
        assert f"backbone = keras.applications.{ARCHITECTURES[name].constructor}(" in program
    text = script([Stage(preset_recipe("A"), FLOWERS)], name="A")
    found = re.findall(r"Conv2D\((\d+), (\d+), .*?MaxPooling2D\((\d+)\)", text, re.DOTALL)
    assert [tuple(map(int, step)) for step in found] == list(STEPS)


def test_the_lecture_s_programs_pass_a_linter(tmp_path: Path) -> None:
    """What a template becomes is tidy Python, also beside a stage that it is unlike: names are used, imports are sorted, lines are
    short."""
    for name in ARCHITECTURES:
        (tmp_path / f"{name}.py").write_text(script([Stage(Recipe.parse({"architecture": name}), FLOWERS)], name=name))
    b, odd = (
        Stage(preset_recipe("B"), FLOWERS),
        {"augment": "standard", "augment_views": 2, "dataset": "tf_flowers", "resize": "pad"},
    )
    for letter in ("C", "gently"):
        c = preset_recipe(letter, start_from=SOURCE)
        (tmp_path / f"{letter}.py").write_text(script([b, Stage(c, FLOWERS)], name=letter))
        (tmp_path / f"{letter}_odd.py").write_text(script([b, Stage(c.changed(**odd), FLOWERS)], name=letter))
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,W,I,B", "--line-length", "140", str(tmp_path)]
    ended = subprocess.run(ruff, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stdout


# What all stages of a program share, and what a later stage takes from the one before.
SHARED = {"architecture", "image_size", "head", "weights"}
OTHER = {
    "architecture": "vgg16",
    "unfreeze_from": "all",
    "dataset": "tf_flowers",
    "weights": "flowerlab",
    "head": (7,),
    "image_size": 96,
}


@pytest.mark.parametrize("name", [name for name in KNOBS if name != "start_from"])
def test_every_knob_is_in_the_program(name: str) -> None:
    """Whatever knob one turns, the program changes, also where it is turned in a second stage: no template and no section forgets it."""
    knob, recipe = KNOBS[name], preset_recipe("B", architecture=MINI).changed(augment="flip", weights="none")
    others = [OTHER.get(name), *knob.choices, knob.minimum, knob.maximum]
    other = recipe.changed(**{name: next(one for one in others if one not in (None, getattr(recipe, name)))})
    assert script([Stage(other, FLOWERS)], name="") != script([Stage(recipe, FLOWERS)], name="")
    if name not in SHARED:
        two, like = ([Stage(recipe, FLOWERS), Stage(second, FLOWERS)] for second in (other, recipe))
        assert script(two, name="") != script(like, name="")


def test_c_is_gently_but_for_its_rate() -> None:
    """The programs of C and of C, gently, differ in the learning rate of the last stage and in nothing else that runs.

    C at the lecture's rate ends wherever its seed leads, so that its accuracy alone could not show a wrong program; gently's does."""
    programs = []
    for letter in ("C", "gently"):
        b, c = (preset_recipe(one, architecture=MINI, start_from=SOURCE if one != "B" else None) for one in ("B", letter))
        programs.append(script([Stage(b, FLOWERS), Stage(c, FLOWERS)], name="C"))
    trees = [ast.unparse(ast.parse(program)).splitlines() for program in programs]
    assert len(trees[0]) == len(trees[1])
    other = [(ours, theirs) for ours, theirs in zip(*trees, strict=True) if ours != theirs]
    assert other
    assert all(ours.replace("0.001", "1e-05") == theirs for ours, theirs in other), other


@pytest.mark.parametrize(("size_px", "usual"), [(96, True), (150, False), (192, True), (224, False)])
def test_mobilenets_weights_are_those_of_224_pixels(size_px: int, *, usual: bool) -> None:
    """Where Keras has weights of its own for the size of the photos, the program takes those that the lab took all the same."""
    recipe = Recipe.parse({"architecture": "mobilenet_v2", "image_size": size_px})
    text = script([Stage(recipe, FLOWERS)], name="A run")
    assert ("backbone.set_weights(usual.get_weights())" in text) is usual
    assert text.count('weights="imagenet"') == 1
