"""Names of starting weights, and what a waiting run shares with the one before."""

from __future__ import annotations

from flowerlab.home import Home
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.provenance import Provenance, origin_of
from flowerlab.scheduler.jobs import make_job
from flowerlab.settings import Settings

B = preset_recipe("B", architecture="vgg16", weights="none")
ALL = B.changed(unfreeze_from="all")
RUNS = {"b" * 12: Provenance(B, ""), "a" * 12: Provenance(ALL, "")}
C_FROM_B = B.changed(unfreeze_from="block4_conv3", start_from="b" * 12)


def test_weights_that_were_not_trained_in_between_keep_their_name() -> None:
    """C that goes on from B has B's frozen layers; from a run that trained them it has that run's; gone is gone."""
    assert origin_of(B, RUNS.get) == origin_of(C_FROM_B, RUNS.get) == "none:0"
    assert origin_of(B.changed(seed=4), RUNS.get) == "none:4"
    assert origin_of(B.changed(start_from="a" * 12), RUNS.get) == f"run:{'a' * 12}"
    assert origin_of(B.changed(start_from="c" * 12), RUNS.get) == f"run:{'c' * 12}"
    runs = {**RUNS, "c" * 12: Provenance(C_FROM_B, "")}
    # C trained the last layers: what lies before its cut is as it was, what lies behind is its own.
    assert origin_of(C_FROM_B.changed(start_from="c" * 12), runs.get) == "none:0"
    assert origin_of(B.changed(start_from="c" * 12), runs.get) == f"run:{'c' * 12}"


def test_pretrained_weights_have_their_own_names() -> None:
    """ImageNet's, a file's, and the very version of those that Flowerlab brings."""
    assert origin_of(preset_recipe("B", architecture="vgg16"), RUNS.get) == "imagenet"
    assert origin_of(B.changed(weights="file:mine-1234.h5"), RUNS.get) == "file:mine-1234.h5"
    mini = preset_recipe("B", architecture="vgg16_mini")
    today = origin_of(mini, RUNS.get)
    assert today.startswith("flowerlab:")
    assert today != "flowerlab:"
    before = {"d" * 12: Provenance(mini, "garden-v2 vgg16_mini-0ld0ld00")}
    assert origin_of(mini.changed(start_from="d" * 12), before.get) == "flowerlab:0ld0ld00"


def test_a_job_keeps_on_its_way_what_waiting_runs_share(home: Home) -> None:
    """Cuts before its own, of the same photos and weights, that train on features; no others."""
    waiting: list[Recipe] = [
        C_FROM_B,
        C_FROM_B.changed(learning_rate=1e-5),
        C_FROM_B.changed(unfreeze_from="block5_conv1", start_from=None),
        C_FROM_B.changed(unfreeze_from="block5_conv2", image_size=96),
        C_FROM_B.changed(unfreeze_from="block4_conv1", start_from=None, seed=9),
        C_FROM_B.changed(unfreeze_from="block3_conv1", augment="flip"),
        ALL,
    ]
    job = make_job("1" * 12, 1, B, settings=Settings(home=home.root), source=RUNS.get, waiting=waiting)
    assert job.also_keep == (13, 15)
    assert make_job("1" * 12, 1, C_FROM_B, settings=Settings(home=home.root), source=RUNS.get, waiting=[B]).also_keep == ()


def test_a_cut_has_weights_before_it() -> None:
    """Where only the input is frozen there is nothing to keep."""
    assert preset_recipe("A").cut == 0
    assert ALL.cut == 0
    assert B.cut == 19
    assert C_FROM_B.cut == 13
    assert B.changed(unfreeze_from="block1_conv1").cut == 0
    assert B.changed(unfreeze_from="block1_conv2").cut == 2
