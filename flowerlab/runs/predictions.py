"""A run's kept predictions, read and checked."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from flowerlab.system.safe_arrays import read_npz

# Twice what one page compares: two viewers with other runs do not drive each other's out.
KEPT_PREDICTIONS = 12


def load_predictions(folder: Path) -> dict[str, Any] | None:
    """Returns the arrays of a run's `predictions.npz`, read-only; None if the run has none, or they do not fit together.

    They are kept in memory for all viewers, as long as the file is the same and not many others are asked for.

    Keys: `classes` (classes,), `test_ids`, `test_truth` (n,), `test_probabilities` float32 (n, classes), `val_ids`,
    `val_truth` (m,), `val_probabilities` float32 (epochs, m, classes).
    """
    path = folder / "predictions.npz"
    try:
        written = path.stat()
        return dict(_predictions(path, written.st_mtime_ns, written.st_size))
    except (OSError, ValueError):
        return None


@functools.lru_cache(maxsize=KEPT_PREDICTIONS)
def _predictions(path: Path, written_ns: int, size: int) -> dict[str, NDArray[Any]]:
    arrays = read_npz(path)
    if not _fit_together(arrays):
        raise ValueError(f"{path.name} holds arrays that do not fit together")
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


def _fit_together(arrays: dict[str, NDArray[Any]]) -> bool:
    try:
        classes = arrays["classes"]
        return classes.ndim == 1 and all(
            _fits(arrays[f"{part}_ids"], arrays[f"{part}_truth"], arrays[f"{part}_probabilities"], len(classes))
            for part in ("test", "val")
        )
    except (KeyError, TypeError):
        return False


def _fits(ids: NDArray[Any], truth: NDArray[Any], probabilities: NDArray[Any], classes: int) -> bool:
    return (
        ids.shape == truth.shape == (len(truth),)
        and truth.dtype.kind in "iu"
        and bool(((truth >= 0) & (truth < classes)).all())
        and probabilities.dtype.kind == "f"
        and probabilities.shape[-2:] == (len(truth), classes)
        and bool(((probabilities >= 0) & (probabilities <= 1.001)).all())
    )
