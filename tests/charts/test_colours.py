"""Colours, dashes and glyphs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowerlab.charts.colours import PALETTE, run_colour, run_dash


@given(st.integers(1, 500), st.integers(1, 5))
def test_runs_of_one_colour_have_another_dash(number: int, turns: int) -> None:
    """Numbers a multiple of six apart share a colour, and so their lines are told apart by the dash."""
    other = number + turns * len(PALETTE)
    assert run_colour(number) == run_colour(other)
    assert run_dash(number) != run_dash(other)
