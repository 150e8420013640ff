"""The starter classifier: what ships with Flowerlab, and how it comes into a home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import flowerlab.packs.starter
from flowerlab.datasets.catalog import FLOWERS
from flowerlab.evaluation.calibration import calibration_error
from flowerlab.evaluation.metrics import confusion_matrix
from flowerlab.inference.classify import finished_runs
from flowerlab.lab import Lab
from flowerlab.packs.starter import PACK, STARTER_ID, bring_starter
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings


@pytest.fixture
def with_starter(settings: Settings) -> Settings:
    """Settings of a lab as it comes."""
    return settings.model_copy(update={"starter": True})


@pytest.fixture
def lab(with_starter: Settings) -> Iterator[Lab]:
    """A lab on a fresh home, as it comes."""
    opened = Lab(with_starter, run_queue=False)
    yield opened
    opened.close()


def test_a_fresh_lab_has_one_finished_run(lab: Lab) -> None:
    """Compare and Classify are never empty: the starter is there with model, curves, matrix and predictions."""
    (run,) = finished_runs(lab.store, lab.home)
    assert (run.id, run.state, run.number) == (STARTER_ID, RunState.DONE, 1)
    assert "Comes with Flowerlab" in run.message
    assert run.result is not None
    assert run.result.classes == FLOWERS
    assert run.result.test_photos == 1097
    assert len(lab.store.history(run.id).epochs) == run.result.epochs_run == run.recipe.epochs


def test_its_figures_are_those_of_its_predictions(lab: Lab) -> None:
    """Accuracy and matrix follow from the shipped predictions; no test photo is a validation photo."""
    (run,) = finished_runs(lab.store, lab.home)
    assert run.result is not None
    kept = load_predictions(lab.home.run(run.id))
    assert kept is not None
    predicted = kept["test_probabilities"].argmax(axis=1)
    assert run.result.test_accuracy == pytest.approx((predicted == kept["test_truth"]).mean())
    assert confusion_matrix(kept["test_truth"], predicted, 5).tolist() == run.result.confusion_matrix
    best = kept["val_probabilities"][run.result.best_epoch].argmax(axis=1)
    assert run.result.val_accuracy == pytest.approx((best == kept["val_truth"]).mean())
    assert not set(kept["test_ids"]) & set(kept["val_ids"])


def test_it_is_good_enough_to_ship(lab: Lab) -> None:
    """At most 8 MB, at least 0.84 on the honest test photos, calibrated within 0.05, and it turns few flowers away."""
    (run,) = finished_runs(lab.store, lab.home)
    assert run.result is not None
    assert PACK.stat().st_size <= 8_000_000
    assert run.result.test_accuracy is not None
    assert run.result.test_accuracy >= 0.84
    kept = load_predictions(lab.home.run(run.id))
    assert kept is not None
    assert calibration_error(kept["test_probabilities"], kept["test_truth"]) <= 0.05
    turned_away = [run.result.unknown(row.tolist()) for row in kept["test_probabilities"]]
    assert np.mean(turned_away) <= 0.15


def test_who_deletes_it_does_not_get_it_back(with_starter: Settings) -> None:
    """A deleted starter stays away when the lab is opened again, unless somebody asks for it."""
    first = Lab(with_starter, run_queue=False)
    first.trash.throw(STARTER_ID)
    first.close()
    second = Lab(with_starter, run_queue=False)
    assert finished_runs(second.store, second.home) == []
    assert bring_starter(second.home, second.store, again=True)
    assert [run.id for run in finished_runs(second.store, second.home)] == [STARTER_ID]
    second.close()


def test_a_lab_can_do_without(settings: Settings) -> None:
    """FLOWERLAB_STARTER=false leaves a fresh home empty."""
    lab = Lab(settings, run_queue=False)
    assert lab.store.all() == []
    lab.close()


def test_opening_twice_brings_it_once(with_starter: Settings) -> None:
    """A second opening finds the starter, with the name that somebody gave it."""
    first = Lab(with_starter, run_queue=False)
    first.store.rename(STARTER_ID, "Mine")
    first.close()
    second = Lab(with_starter, run_queue=False)
    assert [run.name for run in second.store.all()] == ["Mine"]
    second.close()


def test_a_damaged_pack_keeps_no_lab_from_opening(
    with_starter: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The lab opens without the starter, the log says why, and a mended pack is taken at the next opening."""
    damaged = tmp_path / "starter.zip"
    damaged.write_bytes(PACK.read_bytes()[:-1000])
    with monkeypatch.context() as patched:
        patched.setattr(flowerlab.packs.starter, "PACK", damaged)
        lab = Lab(with_starter, run_queue=False)
        assert lab.store.all() == []
        lab.close()
    assert "could not be put into the lab" in caplog.text
    lab = Lab(with_starter, run_queue=False)
    assert len(lab.store.all()) == 1
    lab.close()


def test_an_equal_recipe_is_trained_all_the_same(lab: Lab) -> None:
    """Who presses Start on the starter's recipe gets a run of their own: it was taught in another way."""
    (run,) = finished_runs(lab.store, lab.home)
    assert lab.queue.equal_to(run.recipe) is None


def test_sureness_decides_what_is_unknown(lab: Lab) -> None:
    """A sharp answer is believed, an even one is not; a run that never measured it says neither."""
    (run,) = finished_runs(lab.store, lab.home)
    assert run.result is not None
    assert run.result.unknown([0.96, 0.01, 0.01, 0.01, 0.01]) is False
    assert run.result.unknown([0.2] * 5) is True
    assert run.result.model_copy(update={"unknown_below": None}).unknown([0.2] * 5) is None
