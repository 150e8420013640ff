"""What is different? Only the knobs in which the chosen runs differ."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.charts.colours import run_colour
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.results.recipe_differences import difference_rows, differences_sentence
from flowerlab.runs.run import Run, told_apart

MARK = "◆ "


def show_what_differs(lab: Lab, runs: Sequence[Run]) -> None:
    """Writes a sentence, and a table if more than one knob differs: what is not as in the first run is marked.

    Of one run alone it says what two would show.
    """
    if len(runs) < 2:
        st.info(
            _("Choose a second run above, or train one: then it stands here what differs, and whether the difference is real."),
            icon="👆",
        )
        return
    st.subheader(_("What is different?"), help=_("The knobs of the recipes that are not the same in all chosen runs."))
    rows = difference_rows(runs, lab.store.find)
    st.markdown(differences_sentence(rows))
    if len(rows) < 2:
        return
    import pandas as pd

    frame = pd.DataFrame(
        {
            "mark": ["⬤"] * len(runs),
            "run": list(told_apart(runs).values()),
            **{name: [value if value == values[0] else MARK + value for value in values] for name, values in rows.items()},
        }
    )
    colours = [f"color: {run_colour(run.number)}" for run in runs]
    style = frame.style.apply(lambda column: colours, subset=["mark"]).map(_highlight, subset=list(rows))
    words = {name: st.column_config.TextColumn(_(KNOBS[name].label), help=_(KNOBS[name].help)) for name in rows}
    st.dataframe(
        style,
        hide_index=True,
        key="compare-differences",
        alt=_("The knobs in which the runs differ, one row a run."),
        column_config={
            "mark": st.column_config.TextColumn("", width=30, pinned=True),
            "run": st.column_config.TextColumn(_("Run"), pinned=True),
            **words,
        },
    )
    st.caption(_("{mark}not as in the first run of the table").format(mark=MARK))


def _highlight(value: str) -> str:
    return "background-color: rgba(230, 159, 0, 0.28); font-weight: bold" if value.startswith(MARK) else ""
