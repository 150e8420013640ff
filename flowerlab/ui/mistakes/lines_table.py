"""The lines of classes over the epochs as a table, for those who do not see the chart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.locale import _
from flowerlab.ui.base.streamlit_seams import Container


def lines_table(classes: tuple[str, ...], shares: NDArray[np.floating], *, key: str, alt: str) -> None:
    """Draws the table of `lines_rows` when it is opened."""
    box = st.expander(_("As a table"), key=f"{key}-open", on_change="rerun")
    if not box.open:
        return
    with box:
        st.dataframe(lines_rows(classes, shares), hide_index=True, key=key, alt=alt)


def lines_rows(classes: tuple[str, ...], shares: NDArray[np.floating]) -> list[dict[str, str]]:
    """Returns one row an epoch: its number, and in percent each class's share of (epochs, classes), NaN where there is none."""
    return [
        {
            _("Epoch"): str(number),
            **{name: "–" if math.isnan(share) else f"{100 * share:.1f} %" for name, share in zip(classes, row, strict=True)},
        }
        for number, row in enumerate(shares.tolist(), start=1)
    ]


RUNS_A_ROW = 3


One = TypeVar("One")


def in_rows(ones: Sequence[One]) -> Iterator[tuple[Container, One]]:
    """Yields each with the column it stands in: at most three in a row, and a single one in no more than half of the page."""
    for begin in range(0, len(ones), RUNS_A_ROW):
        row = ones[begin : begin + RUNS_A_ROW]
        yield from zip(st.columns(max(2, min(len(ones), RUNS_A_ROW)), gap="medium"), row, strict=False)
