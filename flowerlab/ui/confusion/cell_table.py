"""A matrix as a table whose cells can be chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.evaluation.confusion import Cell
from flowerlab.locale import _
from flowerlab.ui.confusion.open_choice import on_choice, table_key


def cell_table(place: str, matrix: str, values: NDArray[np.float64], classes: Sequence[str], form: str) -> None:
    """Draws a matrix as a table whose cells open the same photos, for those who do not see the chart; `form` is that of printf."""
    # A table takes the browser longer to draw than a chart, and most stay shut: it is drawn when it is opened.
    box = st.expander(_("As a table"), key=f"{matrix}-table-open", on_change="rerun")
    if not box.open:
        return
    import pandas as pd

    with box:
        st.caption(_("Click a cell, or go there with Tab and the arrow keys: its photos open."))
        table = pd.DataFrame(
            values,
            index=[_("truth: {name}").format(name=name) for name in classes],
            columns=[_("said: {name}").format(name=name) for name in classes],
        )
        key, columns = table_key(place, matrix), list(table.columns)
        st.dataframe(
            table,
            column_config={name: st.column_config.NumberColumn(format=form) for name in table.columns},
            selection_mode="single-cell",
            on_select=on_choice(
                place, key, lambda row, name: Cell(row, columns.index(name)) if name in columns else None, part=matrix
            ),
            key=key,
            alt=_("A table with a row for each true class and a column for each answer."),
        )
