"""Compare: finished runs side by side."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.matrix import scale_top
from flowerlab.comparison import MOST_RUNS
from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.seeds import families
from flowerlab.ui.comparing import notes_on_fairness, show_matrix
from flowerlab.ui.costs_view import show_costs
from flowerlab.ui.difference import show_differences
from flowerlab.ui.lab import lab
from flowerlab.ui.overlaid_curves import show_curves
from flowerlab.ui.per_class import show_classes
from flowerlab.ui.recipe_differences import show_what_differs
from flowerlab.ui.run_finder import find_runs
from flowerlab.ui.run_picker import nothing_finished, pick_runs
from flowerlab.ui.run_table import coloured_table, column_words, download_csv, table_rows
from flowerlab.ui.seeds_view import show_seeds

PICKER = "compare-runs"
MATRICES_A_ROW = 3


def main() -> None:
    """Lays out the page."""
    st.title(_("Compare"))
    st.markdown(_("Set finished runs side by side: how right they are, how they got there, and what they mix up."))
    finished = lab().finished()
    if not finished:
        nothing_finished(_("No finished run yet. Train one first; it will be here to compare."))
        return
    runs = pick_runs(
        finished,
        key=PICKER,
        default=3,
        most=MOST_RUNS,
        help=_("Up to six runs at once. The link in the address bar brings back the same choice."),
    )
    find_runs(lab(), finished, picker=PICKER, most=MOST_RUNS)
    if not runs:
        st.info(_("Choose one or more runs above."), icon="👆")
        return
    show_table(runs)
    show_what_differs(lab(), runs)
    show_differences(lab(), runs)
    together = families(lab(), runs)
    show_curves(lab(), together)
    show_costs(runs)
    show_seeds(lab(), together, picker=PICKER, most=MOST_RUNS)
    show_classes(runs)
    show_matrices(runs)


def show_table(runs: list[Run]) -> None:
    """What each run was and what it came to."""
    rows = table_rows(lab(), runs)
    st.dataframe(
        coloured_table(runs, rows),
        hide_index=True,
        column_config=column_words(),
        key="compare-table",
        alt=_("A table of the chosen runs, one row a run."),
    )
    for note in notes_on_fairness(runs):
        st.warning(note, icon="⚠️")
    download_csv(rows, key="compare-csv")


def show_matrices(runs: list[Run]) -> None:
    """What each run mixes up."""
    st.subheader(
        _("Confusion matrices (test photos)"),
        help=_(
            "Each row is a true class, each column an answer. On the diagonal the answer is right; all else is mixed up."
        ),
    )
    shown = st.segmented_control(
        _("Numbers"),
        ["shares", "counts"],
        format_func=lambda name: _("% of the true class") if name == "shares" else _("Photos"),
        default="shares",
        required=True,
        key="compare-cells",
        help=_("Percent make classes of different sizes comparable; photos are what was counted."),
        persist_state="session",
    )
    shares = shown != "counts"
    matrices = [run.result.confusion_matrix for run in runs if run.result and run.result.confusion_matrix]
    top = scale_top(matrices, shares=shares)
    st.caption(_("All matrices share one scale: the stronger the colour, the more photos."))
    for begin in range(0, len(runs), MATRICES_A_ROW):
        row = runs[begin : begin + MATRICES_A_ROW]
        for column, run in zip(st.columns(max(2, min(len(runs), MATRICES_A_ROW))), row, strict=False):
            with column:
                show_matrix(run, shares=shares, top=top, dark=st.context.theme.type == "dark")


main()
