"""Runs side by side: three in a row, the others below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

RUNS_A_ROW = 3
One = TypeVar("One")


def in_rows(ones: Sequence[One]) -> Iterator[tuple[DeltaGenerator, One]]:
    """Yields each with the column it stands in: at most three in a row, and a single one in no more than half of the page.

    Args:
        ones: Runs, or what is told of them, in their order.
    """
    for begin in range(0, len(ones), RUNS_A_ROW):
        row = ones[begin : begin + RUNS_A_ROW]
        yield from zip(st.columns(max(2, min(len(ones), RUNS_A_ROW)), gap="medium"), row, strict=False)
