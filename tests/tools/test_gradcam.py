"""How the check of Grad-CAM compares maps."""

from __future__ import annotations

import numpy as np
import pytest

from tools.checks.gradcam import rank_correlation, share_inside


def test_rank_correlation_gives_equal_values_the_mean_of_their_ranks() -> None:
    """Ranks 1, 2½, 2½, 4 against 1, 3, 2, 4; what is flat correlates with nothing, and a map with itself fully."""
    first, second = (np.array([values], dtype=np.float32) for values in ([1, 2, 2, 9], [1, 8, 2, 9]))
    assert rank_correlation(first, second) == pytest.approx(4.5 / 22.5**0.5)
    assert rank_correlation(first, first) == pytest.approx(1)
    assert rank_correlation(np.zeros((1, 4), dtype=np.float32), second) == 0


def test_the_share_of_the_heat_on_a_mask() -> None:
    """Three of four parts lie on it; of a map without heat nobody can say."""
    mask = np.array([[True, False]])
    assert share_inside(np.array([[3, 1]], dtype=np.float32), mask) == pytest.approx(0.75)
    assert np.isnan(share_inside(np.zeros((1, 2), dtype=np.float32), mask))
