"""Recipes: one typed, validated table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.architectures import ARCHITECTURES
from flowerlab.errors import BadRecipe
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("epochs", 0),
        ("epochs", 501),
        ("epochs", "many"),
        ("epochs", 2.5),
        ("batch_size", 257),
        ("learning_rate", 0),
        ("learning_rate", 2),
        ("learning_rate", float("nan")),
        ("dropout", 0.81),
        ("image_size", 31),
        ("image_size", 332),
        ("head", "50,20,10,5"),
        ("head", "0"),
        ("head", "fifty"),
        ("head", [2000]),
        ("split", "fair"),
        ("resize", "stretch"),
        ("optimizer", "magic"),
        ("augment", "all"),
        ("dataset", "cats"),
        ("dataset", "folder:../../etc"),
        ("weights", "file:../x.h5"),
        ("weights", "alexnet"),
        ("architecture", "vgg61"),
        ("unfreeze_from", "block9_conv1"),
        ("patience", 0),
        ("seed", -1),
        ("start_from", "../../x"),
        ("validation_fraction", 0.9),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_the_knob(knob: str, value: object) -> None:
    """Every bad value raises BadRecipe with the knob's name, what is expected and what was received."""
    with pytest.raises(BadRecipe) as caught:
        Recipe.parse({"architecture": "vgg16", knob: value})
    text = str(caught.value)
    assert caught.value.field == knob
    assert text.startswith(f"{knob}: ")
    assert "Received" in text
    assert "\n" not in text


def test_an_unknown_knob_is_refused() -> None:
    """A misspelt knob is not silently ignored."""
    with pytest.raises(BadRecipe, match="learning_rat: is no knob"):
        Recipe.parse({"learning_rat": 0.1})


def test_index_and_name_are_one_recipe() -> None:
    """The lecture's `base.layers[:13]` frozen is `unfreeze_from=13`, which is `block4_conv3`."""
    by_index = Recipe.parse({"architecture": "vgg16", "unfreeze_from": 13})
    by_text = Recipe.parse({"architecture": "vgg16", "unfreeze_from": "13"})
    by_name = Recipe.parse({"architecture": "vgg16", "unfreeze_from": "block4_conv3"})
    assert by_index == by_text == by_name
    assert by_index.fingerprint() == by_name.fingerprint()
    assert by_index.unfreeze_from == "block4_conv3"


def test_from_scratch_everything_trains() -> None:
    """The hand-made network has no pretrained weights and no frozen part, and says so if asked for one."""
    recipe = Recipe.parse({})
    assert (recipe.architecture, recipe.weights, recipe.unfreeze_from) == ("handmade", "none", "all")
    for knob, value in (("weights", "imagenet"), ("unfreeze_from", "none")):
        with pytest.raises(BadRecipe):
            Recipe.parse({knob: value})


def test_the_architecture_sets_the_smallest_image() -> None:
    """The hand-made network needs 72 px, VGG16 32."""
    assert Recipe.parse({"image_size": 72}).image_size == 72
    with pytest.raises(BadRecipe, match="between 72 and 331"):
        Recipe.parse({"image_size": 71})
    assert Recipe.parse({"architecture": "vgg16", "image_size": 32}).image_size == 32


def test_presets_are_the_lectures() -> None:
    """A, B and C are the lecture's recipes to the letter; the mended C differs from C in the learning rate alone."""
    a, b = preset_recipe("A"), preset_recipe("B")
    assert (a.image_size, a.resize, a.epochs, a.batch_size, a.patience, a.head) == (150, "squash", 5, 32, 5, (50, 20))
    assert (a.optimizer, a.learning_rate, a.validation_fraction) == ("adam", 1e-3, 0.2)
    assert (b.architecture, b.weights, b.unfreeze_from, b.head) == ("vgg16", "imagenet", "none", (50, 20))
    c = preset_recipe("C", start_from="0" * 12)
    assert c.changed(unfreeze_from="none", start_from=None) == b
    assert c.unfreeze_from == "block4_conv3"
    gentle = preset_recipe("gently", start_from="0" * 12)
    assert gentle.changed(learning_rate=1e-3) == c
    assert gentle.learning_rate == 1e-5


recipes = st.fixed_dictionaries(
    {"architecture": st.sampled_from(sorted(ARCHITECTURES))},
    optional={
        "epochs": st.integers(1, 500),
        "batch_size": st.integers(1, 256),
        "learning_rate": st.floats(1e-6, 1.0),
        "dropout": st.floats(0, 0.8),
        "image_size": st.integers(72, 331),
        "head": st.lists(st.integers(1, 1024), max_size=3).map(tuple),
        "split": st.sampled_from(["honest", "lecture"]),
        "resize": st.sampled_from(["squash", "crop", "pad", "lecture"]),
        "augment": st.sampled_from(["none", "flip", "standard"]),
        "seed": st.integers(0, 2**31 - 1),
        "dataset": st.sampled_from(["garden", "tf_flowers", "folder:my flowers"]),
        "start_from": st.sampled_from([None, "0123456789ab"]),
    },
)


@given(recipes)
def test_a_recipe_survives_json_and_a_link(values: dict[str, Any]) -> None:
    """Whatever the knobs, the recipe that comes back from JSON or from a link's text is the same."""
    recipe = Recipe.parse(values)
    assert Recipe.parse(json.loads(recipe.model_dump_json())) == recipe
    assert Recipe.parse(recipe.to_query()) == recipe


@given(
    st.dictionaries(
        st.sampled_from(sorted(KNOBS)), st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.text()))
    )
)
def test_hostile_values_raise_nothing_but_bad_recipe(values: dict[str, Any]) -> None:
    """Whatever a link or a JSON file holds, it gives a recipe or one sentence."""
    try:
        recipe = Recipe.parse(values)
    except BadRecipe:
        return
    assert Recipe.parse(recipe.model_dump()) == recipe


class Later(Recipe):
    """The recipe of a Flowerlab that has one knob more."""

    smoothing: float = 0.0


@given(recipes)
def test_a_knob_that_is_added_makes_no_recipe_another(values: dict[str, Any]) -> None:
    """With a new knob at its default a recipe keeps its fingerprint; with another value it has another one."""
    assert Later.parse(values).fingerprint() == Recipe.parse(values).fingerprint()
    assert Later.parse({**values, "smoothing": 0.1}).fingerprint() != Recipe.parse(values).fingerprint()


@given(recipes, recipes)
def test_recipes_share_a_fingerprint_exactly_when_they_are_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Whatever the knobs, and whichever of them are at their default."""
    first, second = Recipe.parse(one), Recipe.parse(other)
    assert (first == second) == (first.fingerprint() == second.fingerprint())
    assert Recipe.parse(first.model_dump()).fingerprint() == first.fingerprint()


def test_every_knob_can_be_asked() -> None:
    """Each knob has a label and a help text for the form and the command line."""
    for knob in KNOBS.values():
        assert knob.label
        assert len(knob.help) > 20


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        ({}, "validation and test photos it has never seen"),
        ({"validation_fraction": 0.3}, "some of the validation photos before"),
        ({"split": "lecture"}, "training and test photos before"),
        ({"weights": "none"}, None),
        ({"dataset": "garden"}, None),
    ],
)
def test_what_the_weights_had_seen_is_said_of_this_very_split(knobs: dict[str, object], told: str | None) -> None:
    """VGG16 mini saw the first 56 % of tf_flowers: what that means for validation and test depends on the split."""
    recipe = Recipe.parse({"architecture": "vgg16_mini", "dataset": "tf_flowers", **knobs})
    assert recipe.seen_before == "" if told is None else told in recipe.seen_before
