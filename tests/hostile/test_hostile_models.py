"""Hostile model and weights files, as far as they can be told without loading them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowerlab.architectures.pretrained import SUFFIXES, import_weights
from flowerlab.errors import BadInput, BadModel
from flowerlab.home import Home
from flowerlab.runs.predictions import load_predictions
from flowerlab.system.safe_models import check_model_file
from tests.support.hostile.judging import refusal
from tests.support.hostile.models import CASES, npz_file, npz_that_claims


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_told_before_it_is_loaded(home: Home, tmp_path: Path, name: str) -> None:
    """Pickles, Lambdas, programs, bombs and halves are refused in one sentence, and none of them is copied into the lab."""
    case = CASES[name]
    file = tmp_path / f"own\n{'x' * 100}{case.suffix}"
    file.write_bytes(case.make())
    said = refusal(lambda: check_model_file(file), BadModel)
    assert (said is None) == (case.words is None)
    assert (case.words or "") in (said or "")
    if case.suffix in SUFFIXES:
        assert refusal(lambda: import_weights(file, home), BadModel, watched=tmp_path) == said


@pytest.mark.parametrize("name", ["x" * 300 + ".h5", "two\nlines.keras", "\ud800.h5", "own.pkl", "../" * 2000 + "x.h5", "."])
def test_a_path_that_leads_to_no_weights(home: Home, tmp_path: Path, name: str) -> None:
    """A path that no file system can hold, or with another ending, is refused like any that leads nowhere."""
    assert refusal(lambda: import_weights(tmp_path / name, home), BadInput, watched=tmp_path) is not None


GOOD = {
    "classes": ["a", "b"],
    "test_ids": ["1", "2"],
    "test_truth": [0, 1],
    "test_probabilities": [[0.5, 0.5], [0.1, 0.9]],
    "val_ids": ["3"],
    "val_truth": [1],
    "val_probabilities": [[[0.5, 0.5]]],
}
CHANGES = {
    "another number of photos": {"test_truth": [0]},
    "a class that is none": {"test_truth": [0, 2]},
    "a class below all": {"val_truth": [-1]},
    "classes in rows": {"classes": [["a", "b"]]},
    "one class less": {"classes": ["a"]},
    "texts for probabilities": {"test_probabilities": [["x", "y"], ["x", "y"]]},
    "probabilities of two": {"test_probabilities": [[2.0, 0.5], [0.1, 0.9]]},
    "probabilities that are none": {"val_probabilities": [[[float("nan"), 0.5]]]},
    "no classes": {"classes": 5},
}


def test_predictions_that_do_not_fit_together_are_none(tmp_path: Path) -> None:
    """A run whose answers cannot be those of its photos counts as one without answers; pages then say that it was not tested."""
    file = tmp_path / "predictions.npz"
    file.write_bytes(npz_file(**GOOD))
    assert load_predictions(tmp_path) is not None
    for change in CHANGES.values():
        file.write_bytes(npz_file(**(GOOD | change)))
        assert load_predictions(tmp_path) is None
    for data in (b"", b"x", npz_file(classes=["a"]), npz_file(classes=[GOOD]), npz_that_claims((10**12, 2))):
        file.write_bytes(data)
        assert load_predictions(tmp_path) is None
