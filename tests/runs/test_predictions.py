"""A run's kept predictions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flowerlab.runs.predictions import load_predictions


def test_predictions_are_read_once_and_again_when_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read from disk once; a run that is tested anew is read anew; no viewer can change what another sees."""
    write_predictions(tmp_path, photos=3)
    first = load_predictions(tmp_path)
    assert first is not None
    assert first["test_truth"].tolist() == [0, 1, 0]
    with monkeypatch.context() as patch:
        patch.setattr("flowerlab.runs.predictions.read_npz", None)
        again = load_predictions(tmp_path)
    assert again is not None
    with pytest.raises(ValueError, match="read-only"):
        again["test_truth"][0] = 7
    write_predictions(tmp_path, photos=4)
    anew = load_predictions(tmp_path)
    assert anew is not None
    assert anew["test_truth"].tolist() == [0, 1, 0, 1]


def write_predictions(folder: Path, photos: int) -> None:
    """Writes predictions of so many test photos, and of one validated in one epoch."""
    shares = np.full((photos, 2), 0.5, dtype=np.float32)
    np.savez(
        folder / "predictions.npz",
        classes=np.array(["daisy", "roses"]),
        test_ids=np.arange(photos).astype(str),
        test_truth=np.arange(photos) % 2,
        test_probabilities=shares,
        val_ids=np.array(["v"]),
        val_truth=np.zeros(1, dtype=np.int64),
        val_probabilities=shares[None, :1],
    )


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 torn off"])
def test_predictions_that_cannot_be_read_are_none(tmp_path: Path, content: bytes | None) -> None:
    """No file, an empty one or a damaged one: the run has no predictions, and no page falls over it."""
    if content is not None:
        (tmp_path / "predictions.npz").write_bytes(content)
    assert load_predictions(tmp_path) is None
