"""A table of finished runs: numbers that sort as numbers, each accuracy with its doubt, and the same as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from flowerlab.charts.colours import run_colour
from flowerlab.locale import _
from flowerlab.results.columns import Column, Finished, plain_row, table_columns
from flowerlab.runs.run import told_apart

if TYPE_CHECKING:
    import pandas as pd


def coloured_table(rows: Sequence[Finished]) -> Any:
    """Returns `shown_table` as a pandas Styler, each run after its colour. For few rows: what is styled is sent twice."""
    frame = shown_table(rows)
    frame.insert(0, "mark", "⬤")
    colours = [f"color: {run_colour(one.run.number)}" for one in rows]
    return frame.style.apply(lambda column: colours, subset=["mark"])


def shown_table(rows: Sequence[Finished]) -> pd.DataFrame:
    """Returns the table as people read it; what is a number stays one, so that a column sorts by it."""
    import pandas as pd

    def values(column: Column) -> Any:
        found = pd.Series([column.plain(one) for one in rows])
        return pd.to_numeric(found) if column.form else found

    columns = table_columns(with_answers=any(one.answers is not None for one in rows))
    names = list(told_apart([one.run for one in rows]).values())
    return pd.DataFrame({"run": names, **{column.name: values(column) for column in columns}})


def column_words() -> dict[str, Any]:
    """Returns heading, explanation and form of each column of `shown_table`."""
    text = st.column_config.TextColumn
    return {
        "mark": text("", help=_("The colour of the run, the same in every figure."), width=30, pinned=True),
        "run": text(_("Run"), help=_("Its name."), pinned=True),
        **{column.name: _words(column) for column in table_columns(with_answers=True)},
    }


def _words(column: Column) -> Any:
    title, help = _(column.title), _(column.help)
    if not column.form:
        return st.column_config.TextColumn(title, help=help, width=column.width_px)
    return st.column_config.NumberColumn(title, help=help, format=column.form, width=column.width_px)


def download_csv(rows: Sequence[Finished], *, key: str) -> None:
    """Offers the rows as a file, with every knob of the recipes."""
    import pandas as pd

    plain = [plain_row(one) for one in rows]
    st.download_button(
        _("Download as CSV"),
        lambda: pd.DataFrame(plain).to_csv(index=False).encode(),
        file_name="flowerlab-runs.csv",
        mime="text/csv",
        key=key,
        help=_("The table with plain numbers and every knob of the recipes, for a spreadsheet."),
        on_click="ignore",
    )
