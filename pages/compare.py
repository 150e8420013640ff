"""Compare: finished runs side by side."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.curves import Measure, curves_figure, curves_sentence
from flowerlab.comparison import MOST_RUNS
from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.ui.comparing import column_words, curve_of, notes_on_fairness, shown_table, table_rows
from flowerlab.ui.difference import show_differences
from flowerlab.ui.lab import lab
from flowerlab.ui.matrices import show_matrices
from flowerlab.ui.per_class import show_classes
from flowerlab.ui.run_picker import nothing_finished, pick_runs


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
        key="compare-runs",
        default=3,
        most=MOST_RUNS,
        help=_("Up to six runs at once. The link in the address bar brings back the same choice."),
    )
    if not runs:
        st.info(_("Choose one or more runs above."), icon="👆")
        return
    show_table(runs)
    show_differences(lab(), runs)
    show_curves(runs)
    show_classes(runs)
    show_matrices(runs)


def show_table(runs: list[Run]) -> None:
    """What each run was and what it came to."""
    import pandas as pd

    rows = table_rows(runs)
    st.dataframe(
        shown_table(runs, rows),
        hide_index=True,
        column_config=column_words(),
        key="compare-table",
        alt=_("A table of the chosen runs, one row a run."),
    )
    for note in notes_on_fairness(runs):
        st.warning(note, icon="⚠️")
    st.download_button(
        _("Download as CSV"),
        pd.DataFrame(rows).to_csv(index=False).encode(),
        file_name="flowerlab-runs.csv",
        mime="text/csv",
        key="compare-csv",
        help=_("The table with plain numbers and every knob of the recipes, for a spreadsheet."),
        on_click="ignore",
    )


def show_curves(runs: list[Run]) -> None:
    """How the runs got there."""
    st.subheader(
        _("Learning curves"),
        help=_(
            "Thick line: validation photos, which the network did not learn from. Thin line: training photos. "
            "The large mark is the epoch whose weights were kept."
        ),
    )
    chosen = st.segmented_control(
        _("Curves of"),
        ["accuracy", "loss"],
        format_func=lambda name: _("Accuracy") if name == "accuracy" else _("Loss"),
        default="accuracy",
        required=True,
        key="compare-measure",
        help=_("Accuracy: share named rightly. Loss: how far the probabilities are from the truth; smaller is better."),
        persist_state="session",
    )
    measure: Measure = "loss" if chosen == "loss" else "accuracy"
    curves = [curve_of(run, lab().history(run.id), measure) for run in runs]
    st.plotly_chart(
        curves_figure(curves, measure),
        key="compare-curves",
        config={"displayModeBar": False},
        alt=curves_sentence(curves, measure),
    )
    st.caption(_("Thick line: validation. Thin line: training. Large mark: the epoch that was kept."))


main()
