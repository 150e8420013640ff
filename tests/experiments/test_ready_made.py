"""The three ready experiments: their recipes, what is found of them in a lab, how they are told beforehand."""

from __future__ import annotations

import pytest

from flowerlab.architectures import ARCHITECTURES
from flowerlab.errors import BadRecipe
from flowerlab.experiments.ready_made import DECIDED, EXPERIMENTS, TWO_BY_TWO, arm_recipe, find_trial, seconds_of_trial, start_trial
from flowerlab.lab import Lab
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.presets import preset_recipe
from flowerlab.runs.run import RunState

MINI = "vgg16_mini"
SOURCE = "0123456789ab"
BACKBONES = [name for name, entry in ARCHITECTURES.items() if entry.fine_tune_from is not None]


@pytest.mark.parametrize("architecture", BACKBONES)
def test_four_arms_differ_in_head_and_rate_alone(architecture: str) -> None:
    """Cut, seed, epochs and all else are equal in the 2 × 2; those under the trained head are the lecture's C, and C mended."""
    shared = {"dataset": "tf_flowers", "seed": 3, "epochs": 7}
    recipes = {
        place: arm_recipe(arm, architecture=architecture, start_from=SOURCE if arm.starts_from else None, shared=shared)
        for place, arm in TWO_BY_TWO.items()
    }
    assert {place: recipe.learning_rate for place, recipe in recipes.items()} == {place: place[1] for place in recipes}
    assert {place[0] for place, recipe in recipes.items() if recipe.start_from == SOURCE} == {"trained"}
    assert {recipe.unfreeze_from for recipe in recipes.values()} == {ARCHITECTURES[architecture].fine_tune_from}
    others = [name for name in KNOBS if name not in ("learning_rate", "start_from")]
    for name in others:
        assert len({getattr(recipe, name) for recipe in recipes.values()}) == 1, name
    for letter, rate in (("C", 1e-3), ("gently", 1e-5)):
        lecture = preset_recipe(letter, architecture=architecture, start_from=SOURCE, shared=shared)
        assert recipes["trained", rate] == lecture


@pytest.mark.parametrize(("name", "knob"), [("leak", "split"), ("padding", "resize")])
def test_two_arms_differ_in_one_knob(name: str, knob: str) -> None:
    """The leak differs from B in its split alone, the padding in its resize alone; B is the lecture's."""
    b, other = (arm_recipe(arm, architecture=MINI) for arm in EXPERIMENTS[name].arms)
    assert b == preset_recipe("B", architecture=MINI)
    assert [one for one in KNOBS if getattr(b, one) != getattr(other, one)] == [knob]
    assert getattr(other, knob) == "lecture"


def test_what_arms_decide_is_no_shared_knob() -> None:
    """Every knob that an arm sets, and where it begins, is among those that nobody else may set."""
    used = {knob for experiment in EXPERIMENTS.values() for arm in experiment.arms for knob in arm.knobs}
    assert used | {"unfreeze_from", "start_from"} == set(DECIDED)


def test_a_network_without_known_layers_has_nothing_to_fine_tune() -> None:
    """The hand-made network is refused with a sentence."""
    with pytest.raises(BadRecipe, match=r"known network.*Received: architecture='handmade'"):
        arm_recipe(TWO_BY_TWO["fresh", 1e-3], architecture="handmade")


def test_an_experiment_is_found_by_its_recipes(lab: Lab) -> None:
    """Nothing is there at first and it has a price; once trained, whoever asks finds all runs, and nothing is trained again."""
    experiment, shared = EXPERIMENTS["fine-tuning"], {"epochs": 1}
    before = find_trial(lab, experiment, architecture=MINI, shared=shared)
    assert (list(before.recipes), dict(before.runs)) == ([arm.name for arm in experiment.arms], {})
    assert seconds_of_trial(lab, before) > 0
    started = start_trial(lab, experiment, architecture=MINI, shared=shared)
    assert find_trial(lab, experiment, architecture=MINI, shared=shared).under_way
    ids = {name: one.run.id for name, one in started.items()}
    assert {started[name].run.recipe.start_from for name in ("trained-high", "trained-low")} == {ids["B"]}
    lab.queue.wait(list(ids.values()))
    after = find_trial(lab, experiment, architecture=MINI, shared=shared)
    assert after.complete
    assert not after.under_way
    assert {name: run.id for name, run in after.runs.items()} == ids
    assert seconds_of_trial(lab, after) == 0
    again = start_trial(lab, experiment, architecture=MINI, shared=shared)
    assert {name: one.run.id for name, one in again.items()} == ids
    leak = find_trial(lab, EXPERIMENTS["leak"], architecture=MINI, shared=shared)
    assert (list(leak.runs), list(leak.recipes)) == (["B"], ["leak"])


def test_a_run_that_came_to_nothing_is_shown_and_missing(lab: Lab) -> None:
    """An arm that was stopped is among the runs, so that one sees why, and among what is still to be trained."""
    experiment = EXPERIMENTS["padding"]
    started = start_trial(lab, experiment, architecture=MINI, shared={"epochs": 500})
    lab.queue.stop(started["padding"].run.id)
    trial = find_trial(lab, experiment, architecture=MINI, shared={"epochs": 500})
    assert trial.runs["padding"].state is RunState.STOPPED
    assert list(trial.recipes) == ["padding"]
    assert not trial.complete
    lab.queue.stop(started["B"].run.id)


def test_an_arm_has_one_label_with_the_lectures_name_behind_it() -> None:
    """Head and rate as in the 2 × 2; the two that the lecture knows say so; all are told apart; B's extra epochs are stated."""
    labels = [arm.label for arm in TWO_BY_TWO.values()]
    assert labels == [
        "Fresh head, 0.001",
        "Fresh head, 0.00001",
        "Head from B, 0.001 (the lecture's C)",
        "Head from B, 0.00001 (the lecture's C, gently)",
    ]
    assert "have B's epochs behind them" in EXPERIMENTS["fine-tuning"].sentence
