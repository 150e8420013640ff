"""NumPy's files, written row by row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from flowerlab.system.safe_arrays import HEADER_BYTES, map_npy, new_npy


def test_an_array_written_in_rows_is_that_array(tmp_path: Path) -> None:
    """Rows of another kind are converted; what was appended is given back as bytes; the header has the size that is counted on."""
    rows = np.arange(24, dtype=np.float64).reshape(6, 2, 2)
    with new_npy(tmp_path / "a.npy", np.float16, rows.shape) as append:
        written = b"".join(bytes(append(part)) for part in (rows[:1], rows[1:]))
    np.testing.assert_array_equal(map_npy(tmp_path / "a.npy"), rows)
    assert written == rows.astype(np.float16).tobytes()
    assert (tmp_path / "a.npy").stat().st_size == HEADER_BYTES + len(written)


def test_too_few_rows_are_an_error(tmp_path: Path) -> None:
    """An array of which rows are missing would be read as a damaged one."""
    with pytest.raises(OSError, match="1 of 6 rows"), new_npy(tmp_path / "a.npy", np.uint8, (6, 2)) as append:
        append(np.zeros((1, 2)))
