"""The lines of classes over the epochs as a table, for those who do not see the chart."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.locale import _


def lines_table(classes: tuple[str, ...], shares: NDArray[np.floating], *, key: str, alt: str) -> None:
    """Draws a table with a row an epoch and a column a class, when it is opened.

    Args:
        classes: Names in label order.
        shares: (epochs, classes), 0..1; NaN where there is none.
        key: Of the table.
        alt: What it shows, in a sentence.
    """
    box = st.expander(_("As a table"), key=f"{key}-open", on_change="rerun")
    if not box.open:
        return
    with box:
        st.dataframe(lines_rows(classes, shares), hide_index=True, key=key, alt=alt)


def lines_rows(classes: tuple[str, ...], shares: NDArray[np.floating]) -> list[dict[str, str]]:
    """Returns one row an epoch: its number, and each class's share in percent.

    Args:
        classes: Names in label order.
        shares: (epochs, classes), 0..1; NaN where there is none.
    """
    return [
        {
            _("Epoch"): str(number),
            **{
                name: "–" if math.isnan(share) else f"{100 * share:.1f} %"
                for name, share in zip(classes, row, strict=True)
            },
        }
        for number, row in enumerate(shares.tolist(), start=1)
    ]
