"""The price before the click: from work and speed, corrected by what was seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from flowerlab.datasets.splits import make_split
from flowerlab.estimates import cost as prices
from flowerlab.estimates import execution_plan as planning
from flowerlab.estimates.cost import FIRST_BATCH_S, Estimate, estimate_of, seconds_together
from flowerlab.estimates.footprint import footprint_of
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.precision import frozen_precision, good_enough, training_precision
from flowerlab.features.sets import About, views_name
from flowerlab.home import Home
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.workload import PhotoCounts, wanted_way, workload_of
from flowerlab.runs.events import Result, Timing
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from flowerlab.system.cpu import machine_name

A = preset_recipe("A")
B = preset_recipe("B", architecture="vgg16", weights="none")
C = B.changed(unfreeze_from="block4_conv3")
PHOTOS = PhotoCounts(2055, 514, 1101, 3670)


@pytest.fixture(autouse=True)
def _known_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prices, "peak_flops", lambda home: 1e11)


def price(home: Home, recipe: Recipe, runs: tuple[Run, ...] = (), **settings: Any) -> Estimate:
    """Prices a recipe on a garden that was not drawn yet."""
    plan = planning.execution_plan(
        recipe,
        home=home,
        settings=Settings(home=home.root, precision="float32", **settings),
        originals=None,
        classes=5,
        count=3670,
        source=lambda run_id: None,
    )
    return estimate_of(plan, footprint_of(plan), home=home, runs=runs)


def seen(recipe: Recipe, **changed: Any) -> Run:
    """A finished run that took what is said."""
    work = workload_of(recipe, PHOTOS, 5, wanted_way(recipe))
    timing = {
        "machine": machine_name(),
        "way": wanted_way(recipe),
        "flops_features": work.features,
        "seconds_features": 30.0,
        "flops_training": work.epoch * 5,
        "batches": work.batches * 5,
        "seconds_training": 20.0,
        "flops_test": work.test,
        "seconds_saving": 0.5,
        "seconds_checking": 0.5,
        "seconds_rest": 4.0,
        **changed,
    }
    result = Result(
        classes=("a", "b"),
        best_epoch=0,
        epochs_run=5,
        val_accuracy=0.5,
        test_accuracy=0.5,
        test_photos=1,
        total_parameters=1,
        trainable_parameters=1,
        seconds=1,
        seconds_training=1,
        cached_features=True,
        timing=Timing(**timing),
    )
    return Run("0" * 12, 1, "seen", recipe, RunState.DONE, 1, 0, 0, 0, "", 0, result)


def test_work_is_counted_from_the_layers() -> None:
    """VGG16's published 15.3 billion multiplications at 224 px; B passes 3,670 photos once, plainly every photo in every epoch."""
    assert sum(B.chosen.flops(224)) / 2e9 == pytest.approx(15.3, abs=0.1)
    work, plain = (workload_of(B, PHOTOS, 5, way) for way in ("head", "plain"))
    one = sum(B.chosen.flops(150))
    assert work.features == 3670 * one
    assert work.epoch < plain.epoch / 1000
    assert plain.epoch == pytest.approx((2055 + 514) * one, rel=0.01)
    assert plain.features == 0
    assert work.features_bytes == 3670 * 4 * 4 * 512 * 2
    copies = workload_of(B.changed(augment="flip", augment_views=3), PHOTOS, 5, "head")
    assert (copies.copies, copies.copies_bytes) == (3 * 2055 * one, 3 * 2055 * 4 * 4 * 512 * 2)
    assert (copies.features, work.copies) == (work.features, 0)
    deep = workload_of(B, PHOTOS, 5, "head", begin=13)
    assert 0 < deep.features < work.features / 2


def test_ways() -> None:
    """Nothing frozen, or new changes in every epoch: the plain way. Copies or none: features."""
    assert wanted_way(A) == "plain"
    assert wanted_way(B) == "head"
    assert wanted_way(C) == "part"
    assert wanted_way(B.changed(augment="flip")) == "plain"
    assert wanted_way(B.changed(augment="flip", augment_views=2)) == "head"


def test_more_work_costs_more(home: Home) -> None:
    """The plain way, more epochs, larger photos cost more; what is unlimited is not."""
    b = price(home, B)
    assert b.way == "head"
    assert b.seconds_features > 100
    assert b.seconds_epoch < 2
    assert price(home, B.changed(augment="flip")).seconds_total > 3 * b.seconds_total
    assert price(home, B.changed(epochs=100)).seconds_total > b.seconds_total
    assert price(home, B.changed(image_size=224)).seconds_features > 2 * b.seconds_features
    assert price(home, C).seconds_epoch > 10 * b.seconds_epoch
    copies = price(home, B.changed(augment="flip", augment_views=4))
    assert b.seconds_features < copies.seconds_features < price(home, B.changed(augment="flip")).seconds_total


def test_a_set_over_the_bound_is_said_beforehand(home: Home) -> None:
    """Features larger than may be kept: the plain way, and no bytes."""
    told = price(home, C, features_gb=0.5)
    assert (told.way, told.too_large, told.cache_bytes) == ("plain", True, 0)
    assert price(home, C, features_gb=5).way == "part"
    assert price(home, B, features="off").way == "plain"


def test_a_run_that_was_seen_corrects_the_next(home: Home) -> None:
    """After one run of an architecture its own times are told, and the same share more for others."""
    slow = (seen(B),)
    assert price(home, B, slow).seconds_features == pytest.approx(30.0)
    # Of 20 s the first batch's tracing is not the epochs'.
    assert price(home, B, slow).seconds_epoch == pytest.approx((20.0 - FIRST_BATCH_S) / 5)
    assert price(home, B.changed(epochs=10), slow).seconds_epoch == pytest.approx((20.0 - FIRST_BATCH_S) / 5)
    larger = price(home, B.changed(image_size=224), slow).seconds_features
    assert larger == pytest.approx(30.0 * sum(B.chosen.flops(224)) / sum(B.chosen.flops(150)), rel=0.01)
    assert price(home, B, slow).runs_seen == 1
    elsewhere = (seen(B, machine="another"),)
    assert price(home, B, elsewhere) == price(home, B)
    at_hand = (seen(B, flops_features=0.0, seconds_features=0.0),)
    assert price(home, B, at_hand).seconds_features == price(home, B).seconds_features


def test_a_head_tells_nothing_of_the_epochs_of_layers(home: Home) -> None:
    """An epoch of the head is calls, one of layers is operations: a run corrects only the epochs of its kind."""
    assert price(home, C, (seen(B),)).seconds_epoch == price(home, C).seconds_epoch
    slow = seen(C, way="part", seconds_training=1e4)
    assert price(home, B, (slow,)).seconds_epoch == price(home, B).seconds_epoch
    assert (
        price(home, C.changed(unfreeze_from="all"), (slow,)).seconds_epoch
        > 2 * price(home, C.changed(unfreeze_from="all")).seconds_epoch
    )


def test_of_several_runs_the_middle_counts(home: Home) -> None:
    """One run that something else slowed down does not spoil the estimate."""
    runs = tuple(seen(B, seconds_features=seconds) for seconds in (30.0, 31.0, 500.0))
    assert price(home, B, runs).seconds_features == pytest.approx(31.0)


def test_runs_together_count_once_what_they_share(home: Home) -> None:
    """Two heads on one set of features, or two cuts of one pass: the pass is paid once."""
    one, other = (price(home, B.changed(head=head)) for head in ((8,), (16,)))
    both = seconds_together([one, other])
    assert both == pytest.approx(one.seconds_total + other.seconds_total - other.seconds_features - other.seconds_photos)
    shallower = price(home, B.changed(unfreeze_from="block4_conv3"))
    assert 0 < shallower.seconds_features < one.seconds_features
    for order in ([one, shallower], [shallower, one]):
        assert seconds_together(order) == pytest.approx(
            one.seconds_total + shallower.seconds_total - shallower.seconds_features - one.seconds_photos
        )
    for changed in ({"image_size": 96}, {"seed": 1}, {"augment": "flip"}):
        apart = price(home, B.changed(**changed))
        shared = one.seconds_photos if "image_size" not in changed else 0.0
        assert seconds_together([one, apart]) == pytest.approx(one.seconds_total + apart.seconds_total - shared)


def test_kept_features_make_it_cheap(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Features at hand cost no second and no byte; a shallower set at hand saves its part of the pass."""
    monkeypatch.setattr(planning, "prepared_key", lambda *arguments: "p")
    monkeypatch.setattr(planning, "is_prepared", lambda *arguments: True)
    originals: Any = range(3670)
    monkeypatch.setattr(
        planning, "parts_of", lambda *arguments, **named: (None, make_split(3670, split="honest", validation_fraction=0.2))
    )

    def told(recipe: Recipe) -> Estimate:
        plan = planning.execution_plan(
            recipe,
            home=home,
            settings=Settings(home=home.root, precision="float32"),
            originals=originals,
            classes=5,
            count=0,
            source=lambda run_id: None,
        )
        return estimate_of(plan, footprint_of(plan), home=home, runs=())

    def keep(cut: int, views: str = "") -> None:
        about = About(
            prepared="p", architecture="vgg16", cut=cut, precision="float32", shape=(1, 1), origins=(f"none:{B.seed}",), views=views
        )
        with KeptFeatures(home).making(f"{cut}{views}", about, np.float16) as write:
            write(np.ones((1, 1)))

    before = told(B)
    assert not before.features_at_hand
    keep(13)
    assert told(C).features_at_hand
    assert told(C).seconds_features == told(C).cache_bytes == 0
    assert 0 < told(B).seconds_features < before.seconds_features / 2
    keep(19)
    assert told(B).features_at_hand
    assert not told(B.changed(seed=1)).features_at_hand
    copies = B.changed(augment="flip", augment_views=4)
    assert not told(copies).features_at_hand
    assert told(copies).seconds_features > before.seconds_features
    assert told(copies).cache_bytes == 4 * 2055 * 4 * 4 * 512 * 2
    keep(19, views_name("flip", 0, 4, make_split(3670, split="honest", validation_fraction=0.2).train))
    assert told(copies).features_at_hand


def test_more_digits_than_were_asked_for_serve(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the processor would compute in bfloat16, float32 features that are kept are taken; never the reverse."""
    monkeypatch.setattr("flowerlab.features.precision.processor_has_bfloat16", lambda: True)
    assert frozen_precision("auto", B.chosen) == "bfloat16"
    assert good_enough("auto", "bfloat16") == ("float32", "bfloat16")
    assert good_enough("auto", "float32") == ("float32",)
    assert good_enough("bfloat16", "bfloat16") == ("bfloat16",)
    assert frozen_precision("auto", preset_recipe("B", architecture="mobilenet_v2").chosen) == "float32"


def test_what_trains_in_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself only layers of networks whose accuracy was shown to stay the same, on a processor for it; a setting forces either."""
    mini = {letter: preset_recipe(letter, architecture="vgg16_mini", start_from="0" * 12) for letter in "ABC"}
    for has_it, expected in ((True, ["bfloat16", "float32", "bfloat16"]), (False, ["float32"] * 3)):
        monkeypatch.setattr("flowerlab.features.precision.processor_has_bfloat16", lambda has_it=has_it: has_it)
        assert [training_precision("auto", mini[letter]) for letter in "ABC"] == expected
        assert training_precision("auto", preset_recipe("C", architecture="vgg16", start_from="0" * 12)) == "float32"
        assert training_precision("bfloat16", mini["B"]) == "bfloat16"
        assert training_precision("float32", mini["A"]) == "float32"
