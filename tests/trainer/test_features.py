"""Training on kept features is training, only quicker: the same losses, the same answers, and a plain way out."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from flowerlab.cli.commands.lesson import gather_with_features
from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.evaluation.metrics import certainty
from flowerlab.experiments.lecture import start_lecture
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.sets import ARRAY
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.packs import pack, unpack
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from flowerlab.trainer import callbacks
from flowerlab.trainer.features import FrozenPart
from flowerlab.trainer.frozen_pass import Views
from flowerlab.trainer.networks import build
from flowerlab.trainer.starting_weights import load_starting_weights
from tests.support.attempts import B, C, attempt, losses
from tests.support.engines import job_of
from tests.support.photos import GARDEN

WIDE = Recipe(architecture="vgg16", weights="none", unfreeze_from="none", image_size=32, epochs=1, head=())
WITH_SHORTCUTS = Recipe(
    architecture="mobilenet_v2_035", weights="none", unfreeze_from="block_13_expand", image_size=64, epochs=2, head=(8,)
)


@pytest.mark.parametrize(
    "recipe",
    [B, C.changed(dropout=0.4), pytest.param(WITH_SHORTCUTS, marks=pytest.mark.nightly)],
    ids=["B", "C with dropout", "shortcuts"],
)
def test_the_losses_are_those_of_the_plain_way(home: Home, monkeypatch: pytest.MonkeyPatch, recipe: Recipe) -> None:
    """With the cache off and on, same seed and order: first loss within 1e-3, first ten within 2 %; in float32 within 1e-4."""
    monkeypatch.setattr(callbacks, "EVENT_EVERY_S", 0.0)
    # At the lecture's rate C on 34 pictures is so unsteady that any rounding grows from step to step.
    recipe = recipe.changed(batch_size=3, learning_rate=1e-4, epochs=1)
    plain = losses(attempt(home, recipe, features="off")[1])
    kept_end, kept_said = attempt(home, recipe)
    exact_end, exact_said = attempt(home, recipe, features="float32")
    assert len(plain) >= 10
    assert kept_end.result.cached_features
    assert abs(plain[0] - losses(kept_said)[0]) < 1e-3
    np.testing.assert_allclose(losses(kept_said)[:10], plain[:10], rtol=0.02)
    assert exact_end.result.cached_features
    # The first ten steps: later ones let the last digits grow.
    np.testing.assert_allclose(losses(exact_said)[:10], plain[:10], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("precision", "within"), [("float32", 0.002), ("bfloat16", 0.02)])
@pytest.mark.parametrize("recipe", [C, pytest.param(WITH_SHORTCUTS, marks=pytest.mark.nightly)], ids=["C", "shortcuts"])
def test_the_joined_model_agrees_photo_by_photo(home: Home, recipe: Recipe, precision: str, within: float) -> None:
    """The saved float32 model gives every test photo the reported probabilities, within 0.002, or 0.02 after bfloat16."""
    end, _ = attempt(home, recipe, precision=precision)
    assert end.result.cached_features
    assert end.result.precision == precision
    stored, photos = load_predictions(home.run("run")), garden_at(home, recipe.image_size)
    assert stored is not None
    position = {photo_id: number for number, photo_id in enumerate(photos.ids)}
    chosen = [position[photo_id] for photo_id in stored["test_ids"]]
    model = keras.models.load_model(home.run("run") / "model.keras", safe_mode=True)
    direct = model.predict(photos.photos[chosen].astype(np.float32), verbose=0)
    assert np.abs(direct - stored["test_probabilities"]).max() <= within


def test_a_run_knows_how_unsure_it_may_be_of_its_classes(home: Home) -> None:
    """Its threshold is that of the best epoch's validation photos; with too few of them there is none."""
    result = attempt(home, B.changed(validation_fraction=0.5))[0].result
    stored = load_predictions(home.run("run"))
    assert stored is not None
    sure = certainty(stored["val_probabilities"][result.best_epoch])
    assert len(sure) >= 20
    assert (sure < result.unknown_below).mean() <= 0.05 < (sure < result.unknown_below + 0.3).mean()
    assert attempt(home, B)[0].result.unknown_below is None


def garden_at(home: Home, side_px: int) -> Prepared:
    """The small garden at a size."""
    originals = gather(home, "garden", GARDEN)
    return prepare(home, originals, "garden", image_size=side_px, resize="squash")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Ends with the test."""
    with ExitStack() as opened:
        yield opened


def frozen_part(home: Home, recipe: Recipe, stack: ExitStack, **more: Any) -> FrozenPart:
    """The frozen part of a recipe."""
    photos = garden_at(home, recipe.image_size)
    keras.utils.set_random_seed(recipe.seed)
    network = build(recipe, len(photos.classes))
    load_starting_weights(network, recipe, home, lambda step, done, total: None)
    job = job_of("run", recipe, **{"precision": "float32", "features": "float32", "origin": "test", **more})
    return FrozenPart(home, job, photos, network, stack)


def quiet(step: str, done: int, total: int) -> None:
    """Progress that nobody hears."""


def test_a_deeper_cut_begins_at_a_shallower_one(home: Home, stack: ExitStack, caplog: pytest.LogCaptureFixture) -> None:
    """B's features from C's kept ones are those from the photos; the pass takes the layers between the two cuts only."""
    direct = np.array(frozen_part(home, B, stack).features(quiet).features)
    for kept in KeptFeatures(home).all():
        shutil.rmtree(home.features / kept.key)
    frozen_part(home, C, stack).features(quiet)
    with caplog.at_level(logging.INFO):
        computed = frozen_part(home, B, stack).features(quiet)
    assert "before layer 19 begin with those kept before layer 13" in caplog.text
    np.testing.assert_allclose(computed.features, direct, rtol=1e-4, atol=1e-4)


def test_a_pass_that_serves_two_cuts_is_timed_with_all_its_work(home: Home) -> None:
    """B that computes C's features on its way tells the work of the whole pass with its seconds: the price learns from both."""
    alone = attempt(home, B)[0].result.timing
    for kept in KeptFeatures(home).all():
        shutil.rmtree(home.features / kept.key)
    with_c = attempt(home, B, also_keep=(13,))[0].result.timing
    assert sorted(kept.about.cut for kept in KeptFeatures(home).all()) == [13, 19]
    assert with_c.flops_features == alone.flops_features > 0
    # What is at hand takes no work.
    again = attempt(home, B, also_keep=(13,))[0].result.timing
    assert again.flops_features == 0


@pytest.mark.nightly
def test_b_keeps_on_its_way_what_c_waits_for(settings: Settings) -> None:
    """The lecture's C, queued behind B, finds the features before its own layers at hand: the photos went through once."""
    lab = Lab(settings)
    try:
        started = start_lecture(lab, architecture="vgg16_mini", shared={"image_size": 72, "epochs": 1}, letters=("B", "C"))
        lab.queue.wait([one.run.id for one in started.values()])
        results = {letter: lab.store.get(one.run.id).result for letter, one in started.items()}
        assert all(result is not None and result.cached_features for result in results.values())
        assert {letter: result and result.features_at_hand for letter, result in results.items()} == {"B": False, "C": True}
        assert sorted(kept.about.cut for kept in KeptFeatures(lab.home).all()) == [13, 19]
    finally:
        lab.close()


def test_one_pass_serves_every_recipe_with_the_same_cut(home: Home) -> None:
    """Another head, learning rate or seed finds the features at hand; other weights do not."""
    assert attempt(home, B)[0].result.features_at_hand is False
    assert attempt(home, B.changed(head=(4, 4), learning_rate=0.01, seed=3))[0].result.features_at_hand is True
    assert attempt(home, B.changed(weights="none"))[0].result.features_at_hand is False
    assert attempt(home, B.changed(weights="none", seed=1))[0].result.features_at_hand is False
    assert attempt(home, B, precision="bfloat16")[0].result.features_at_hand is False


def test_the_second_trainer_waits_for_the_first(home: Home) -> None:
    """Two that need one set: one computes it, the other waits, says so, and finds it at hand."""
    photos = garden_at(home, 64)
    waited: list[int] = []
    began, found = threading.Event(), []

    def slowly(step: str, done: int, total: int) -> None:
        began.set()
        time.sleep(0.1)

    def first() -> None:
        with ExitStack() as own:
            found.append(frozen_part(home, B, own).features(slowly).reused)

    with ExitStack() as own:
        second = frozen_part(home, B, own)
        thread = threading.Thread(target=first)
        thread.start()
        began.wait(60)
        found.append(second.features(lambda step, done, total: waited.append(done)).reused)
        thread.join()
    assert found == [False, True]
    assert waited
    assert set(waited) == {0}
    assert len(KeptFeatures(home).all()) == 1
    assert len(photos.ids) == 60


@pytest.mark.parametrize("fault", ["full disk", "no folder", "too large"])
def test_without_room_the_run_takes_the_plain_way(
    home: Home, fault: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk, a folder that cannot be written, a set over the bound: the run ends right, and the log says why."""
    more: dict[str, Any] = {}
    if fault == "full disk":
        garden_at(home, 64)

        def full(*arguments: Any) -> Any:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(KeptFeatures, "making", full)
    elif fault == "no folder":
        home.features.rmdir()
        home.features.write_text("a file where the folder should be")
    else:
        more["features_gb"] = 1e-6
    end, _ = attempt(home, B, **more)
    assert end.state == "done"
    assert not end.result.cached_features
    assert "cannot be kept" in caplog.text
    assert (home.run("run") / "model.keras").is_file()


def test_a_damaged_set_is_made_anew_by_the_next_run(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    """A byte flipped in kept features: the next run says so, computes them again, and comes to the same result."""
    first, _ = attempt(home, B)
    (kept,) = KeptFeatures(home).all()
    array = home.features / kept.key / ARRAY
    content = bytearray(array.read_bytes())
    content[-100] ^= 64
    array.write_bytes(content)
    second, _ = attempt(home, B)
    assert "thrown away" in caplog.text
    assert second.result.features_at_hand is False
    assert second.result.confusion_matrix == first.result.confusion_matrix


@pytest.mark.nightly
def test_a_trainer_killed_while_it_writes_features(settings: Settings) -> None:
    """kill -9 in the middle of the pass: the run begins the pass anew by itself and ends right, and nothing half is kept."""
    lab = Lab(settings.model_copy(update={"garden_pictures": 400}))
    try:
        started = lab.queue.start(B.changed(image_size=128))
        due_s = time.monotonic() + 120
        while time.monotonic() < due_s:
            steps = lab.store.record(started.run.id).events
            if any(event.kind == "preparing" and event.step == "Computing features" and event.done for event in steps):
                break
            time.sleep(0.01)
        (pid,) = [event.pid for event in steps if event.kind == "attempt"]
        import psutil

        psutil.Process(pid).kill()
        lab.queue.wait([started.run.id])
        run = lab.store.get(started.run.id)
        assert run.state is RunState.DONE, run.message
        assert run.deaths == 1
        assert run.result is not None
        assert run.result.cached_features
        assert len(KeptFeatures(lab.home).all()) == 1
    finally:
        lab.close()


@pytest.mark.nightly
def test_views_go_through_the_frozen_layers_once(home: Home) -> None:
    """With copies of augmented photos two sets are kept: of the photos, and of the copies; training draws from the copies."""
    recipe = B.changed(augment="standard", augment_views=3)
    end, said = attempt(home, recipe)
    assert end.result.cached_features
    train = next(event["train_photos"] for event in said if event["kind"] == "start")
    shapes = {kept.about.views != "": kept.about.shape[0] for kept in KeptFeatures(home).all()}
    assert shapes == {False: 60, True: 3 * train}
    assert attempt(home, recipe.changed(head=(5,)))[0].result.features_at_hand is True
    assert attempt(home, recipe.changed(seed=3))[0].result.features_at_hand is False
    # Both sets are used where less may be kept by now than they take.
    assert attempt(home, recipe.changed(head=(6,)), features_gb=1e-6)[0].result.features_at_hand is True
    plain, _ = attempt(home, recipe.changed(augment_views=0))
    assert not plain.result.cached_features


def test_views_are_the_features_of_the_changed_photos(home: Home, stack: ExitStack) -> None:
    """Row copy × photos + i is the frozen part's output for that copy of training photo i, and copies differ."""
    photos = garden_at(home, B.image_size)
    training = np.array([5, 3, 40])
    views = Views("standard", 7, 2, training)
    part = frozen_part(home, B, stack)
    rows = part.features(quiet, views).features
    network = build(B, 5)
    load_starting_weights(network, B, home, quiet)
    changed = views.rows(photos.photos)(0, 6).astype(np.float32)
    assert network.backbone is not None
    direct = network.backbone.predict(changed / 127.5 - 1, verbose=0)
    np.testing.assert_allclose(rows, direct, rtol=1e-3, atol=1e-3)
    assert np.abs(rows[:3] - rows[3:]).max() > 0.01


def test_features_too_large_for_float16_are_kept_as_float32(home: Home, stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a value does not fit into float16 the whole set is float32."""
    monkeypatch.setattr("flowerlab.trainer.features.FLOAT16_MAX", 0.5)
    assert frozen_part(home, B, stack, features="float16").features(quiet).features.dtype == np.float32


@pytest.mark.nightly
def test_a_pack_takes_features_that_nobody_computed_before(settings: Settings, tmp_path: Path) -> None:
    """`pack` with a data set and a network computes the features of recipe B; on the other computer B finds them at hand."""
    small = settings.model_copy(update={"starter": False})
    lab = Lab(small)
    recipe = preset_recipe("B", architecture="vgg16_mini", shared={"epochs": 1})
    try:
        task = lab.tasks.start(gather_with_features(lab, recipe))
        task.wait()
        assert task.error == ""
        assert lab.estimates.of(recipe).features_at_hand
        pack(tmp_path / "lesson.zip", lab.home, lab.store, dataset="garden", architecture=recipe.chosen, garden=lab.data.garden)
    finally:
        lab.close()
    away = Lab(small.model_copy(update={"home": tmp_path / "away"}))
    try:
        unpack(tmp_path / "lesson.zip", away.home, away.store)
        assert away.estimates.of(recipe).features_at_hand
        started = away.queue.start(recipe)
        away.queue.wait([started.run.id])
        result = away.store.get(started.run.id).result
        assert result is not None
        assert result.features_at_hand
    finally:
        away.close()


@pytest.mark.nightly
def test_copies_are_the_same_experiment_the_plain_way(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without features a run with copies draws the very same copies, through all layers: the same losses."""
    monkeypatch.setattr(callbacks, "EVENT_EVERY_S", 0.0)
    recipe = B.changed(augment="standard", augment_views=2, batch_size=8)
    plain, kept = (losses(attempt(home, recipe, features=features)[1]) for features in ("off", "float32"))
    np.testing.assert_allclose(kept[:8], plain[:8], rtol=1e-4, atol=1e-4)


@pytest.mark.nightly
def test_features_of_more_digits_are_taken(home: Home) -> None:
    """A run that would compute in bfloat16 takes float32 features that are kept, and says so."""
    attempt(home, WIDE, precision="float32")
    end, _ = attempt(home, WIDE, precision="auto")
    assert end.result.features_at_hand is True
    assert end.result.precision == "float32"


@pytest.mark.nightly
def test_a_source_that_leaves_no_room_is_not_begun_with(home: Home) -> None:
    """Where a shallower set and the new one do not fit side by side, the pass begins with the photos, and the old set goes."""
    attempt(home, C)
    (shallow,) = KeptFeatures(home).all()
    end, _ = attempt(home, B, features_gb=shallow.bytes * 1.05 / 1e9)
    assert end.result.cached_features
    assert [kept.about.cut for kept in KeptFeatures(home).all()] == [19]
