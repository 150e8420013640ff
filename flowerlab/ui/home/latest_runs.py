"""The newest runs with their state and test accuracy, each one click from its live view."""

from __future__ import annotations

import time

import streamlit as st

from flowerlab.disk.retention import DAY_S, cleanings
from flowerlab.inference.classify import finished_runs
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.sentences import accuracy_words
from flowerlab.runs.run import Run
from flowerlab.ui.base.fragments import busy, refreshed
from flowerlab.ui.base.text import escaped, state_words
from flowerlab.ui.widgets.run_picker import colour_mark
from flowerlab.ui.widgets.run_progress import progress_of
from flowerlab.ui.widgets.sizes import cleaning_words

SHOWN = 6
EVERY_S = 2.0
SHOWN_FOR_S = 7 * DAY_S


def latest_runs(lab: Lab) -> None:
    """Draws the list; alive only while something runs."""
    _show_cleaning(lab)
    if not lab.store.all():
        st.markdown(_("No run yet. Press the button above: the first curve moves within a minute."))
        return

    def draw() -> None:
        runs = lab.store.all()
        for run in runs[:SHOWN]:
            _row(lab, run)
        if (older := len(runs) - SHOWN) > 0:
            words = _("and an older one, on the Train page") if older == 1 else _("and {count} older ones, on the Train page")
            st.caption(words.format(count=older))

    refreshed(draw, every_s=EVERY_S if busy(lab) else None)
    if finished_runs(lab.store, lab.home) and st.button(_("⚖️ Compare the finished runs"), key="compare"):
        st.switch_page("pages/compare.py")


def _show_cleaning(lab: Lab) -> None:
    """Says what the cleaning rule did in the last days: where a run is that is looked for."""
    newest = next((one for one in cleanings(lab.home) if one.took_runs), None)
    if newest is not None and time.time() - newest.when_s < SHOWN_FOR_S:
        st.caption(f"🧹 {cleaning_words(newest)}")
        st.page_link("pages/disk.py", label=_("See the Disk page"), icon="💾")


def _row(lab: Lab, run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        colour_mark(run)
        if st.button(f"**{escaped(run.name)}**", key=f"show-{run.id}", type="tertiary", help=_("Show its curves")):
            st.switch_page("pages/train.py", query_params={"run": run.id})
        st.markdown(f"{state_words(run.state)} · {_figure(lab, run)}".rstrip(" ·"), width="content")


def _figure(lab: Lab, run: Run) -> str:
    """What there is to say in short: the test accuracy, or how far it is, or why it ended."""
    if run.result is not None and run.result.test_accuracy is not None:
        figure = accuracy_words(run, "")
        if run.recipe.split == "lecture":
            figure += " ⚠️ " + _("leak")
        if run.recipe.seen_before:
            figure += " ℹ️ " + _("photos seen before, unlabelled")
        return _("test accuracy {figure}").format(figure=figure)
    if not run.state.over:
        return progress_of(run, lab.store.history(run.id), ahead=lab.queue.place(run)).words
    return escaped(run.message)
