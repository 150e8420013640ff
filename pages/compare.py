"""Compare: finished runs side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ParamSpec

import streamlit as st

from flowerlab.inference.classify import finished_runs
from flowerlab.locale import _
from flowerlab.results.answers import MOST_RUNS
from flowerlab.results.columns import finished_of, reads_answers
from flowerlab.results.seeds import families
from flowerlab.runs.run import Run, named_apart
from flowerlab.ui.base.lab import lab
from flowerlab.ui.compare.costs_view import show_costs
from flowerlab.ui.compare.curves import show_curves
from flowerlab.ui.compare.difference import show_differences
from flowerlab.ui.compare.fairness import features_note, notes_on_fairness
from flowerlab.ui.compare.matrices import show_matrices
from flowerlab.ui.compare.recipe_differences import show_what_differs
from flowerlab.ui.confusion.per_class import show_classes
from flowerlab.ui.widgets.run_picker import nothing_finished, pick_runs
from flowerlab.ui.widgets.run_table import coloured_table, column_words, download_csv
from flowerlab.ui.widgets.seeds_view import show_seeds
from flowerlab.ui.widgets.stored_answers import stored_of

PICKER = "compare-runs"
Given = ParamSpec("Given")


def main() -> None:
    """Lays out the page."""
    st.title(_("Compare"))
    st.markdown(_("Set finished runs side by side: how right they are, how they got there, and what they mix up."))
    finished = finished_runs(lab().store, lab().home)
    if not finished:
        nothing_finished(_("No finished run yet. Train one first; it will be here to compare."))
        return
    runs = pick_runs(
        finished,
        key=PICKER,
        default=3,
        most=MOST_RUNS,
        help=_("Up to six runs at once. The link in the address bar brings back the same choice."),
        finder=True,
    )
    if not runs:
        st.info(_("Choose one or more runs above."), icon="👆")
        return
    together, apart = families(lab().store, runs), named_apart(runs)
    framed(show_table, runs)
    framed(show_what_differs, lab(), runs)
    framed(show_differences, lab(), apart)
    framed(show_curves, lab(), together)
    framed(show_matrices, apart)
    framed(show_classes, apart)
    framed(show_costs, together)
    framed(show_seeds, lab(), together, picker=PICKER, most=MOST_RUNS)


def framed(draw: Callable[Given, None], *arguments: Given.args, **options: Given.kwargs) -> None:
    """Draws a part in a frame: where it has more or fewer elements with other runs, the browser keeps those of all parts below."""
    with st.container():
        draw(*arguments, **options)


def show_table(runs: Sequence[Run]) -> None:
    """What each run was and what it came to."""
    read = reads_answers()
    rows = [finished_of(lab().store, run, stored_of(lab(), run).tested if read else None) for run in runs]
    st.dataframe(
        coloured_table(rows),
        hide_index=True,
        column_config=column_words(),
        key="compare-table",
        alt=_("A table of the chosen runs, one row a run."),
    )
    for note in notes_on_fairness(runs):
        st.warning(note, icon="⚠️")
    if note := features_note(runs):
        st.caption(note)
    download_csv(rows, key="compare-csv")


main()
