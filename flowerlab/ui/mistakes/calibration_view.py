"""Calibration on a page: does a run know how sure it may be, and what does a temperature change?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from flowerlab.charts.reliability import HEIGHT_PX, clickable, reliability_options, reliability_rows, reliability_sentence, rows_of
from flowerlab.evaluation.calibration import TEMPERATURES, Bin, at_the_end, reliability, tempered
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.answers import Answers, Calibrated
from flowerlab.runs.run import Run
from flowerlab.ui.confusion.cell_photos import link_to_photos
from flowerlab.ui.confusion.open_choice import on_choice, on_click, opened_at, table_key
from flowerlab.ui.mistakes.lines_table import in_rows
from flowerlab.ui.mistakes.opened_photos import BINS, show_bin_photos
from flowerlab.ui.widgets.run_picker import run_title
from flowerlab.ui.widgets.stored_answers import stored_of


def show_calibration(lab: Lab, runs: Sequence[Run]) -> None:
    """Shows how far the confidence of runs, each with a result, fits: one beside the other."""
    st.markdown(
        _(
            "An answer that is 80 % sure should be right in 80 of 100 cases. In the diagram such answers lie on the dotted line; "
            "below it a run is surer than it may be, above it less sure."
        )
    )
    if len(runs) == 1:
        left, right = st.columns([3, 2], gap="large")
        with left:
            _show_run(lab, runs[0])
        with right:
            st.markdown(what_a_temperature_is())
    else:
        for column, run in in_rows(runs):
            with column:
                _show_run(lab, run)
    for run in runs:
        place, tested = opened_at(BINS, part=run.id), stored_of(lab, run).tested
        if place is not None and tested is not None:
            show_bin_photos(lab, tested, place)
    if len(runs) > 1:
        st.markdown(what_a_temperature_is())


def _show_run(lab: Lab, run: Run) -> None:
    run_title(run)
    stored = stored_of(lab, run)
    if stored.tested is None or stored.calibrated is None:
        st.info(_("The test of this run was skipped, so it has no answers to test photos."), icon="🔍")
    else:
        _show_one(run, stored.tested, stored.calibrated)


def what_a_temperature_is() -> str:
    """Explains what is done and what the error counts."""
    return _(
        "**Temperature scaling** (Guo and others, 2017) divides all of a run's logits by one number, T. Above 1 every answer becomes "
        "less sure, below 1 surer; which class comes first never changes, and so the accuracy stays as it is. T was chosen on "
        "the validation photos; its effect is shown on the test photos.\n\n"
        "**ECE**, the expected calibration error, is the mean gap between how sure and how often right, over the stretches of the "
        "diagram, each counted by its photos. 0 is perfect. Stretches with few photos say little: the bars count them."
    )


def temperature_sentence(worth: Calibrated) -> str:
    """Says whether less sure or surer answers fit the validation photos better, and whether they fit the test photos better, too."""
    if math.isclose(worth.temperature, 1.0):
        return _("On the validation photos no temperature fits better than 1: the answers stay as they are.")
    text = (
        _("On the validation photos less sure answers fit better.")
        if worth.temperature > 1
        else _("On the validation photos surer answers fit better.")
    )
    if at_the_end(worth.temperature):
        text += " " + _(
            "T is at the end of the range that is tried ({low:g} to {high:g}): a further one might fit better still."
        ).format(low=TEMPERATURES[0], high=TEMPERATURES[-1])
    if worth.after < worth.before:
        return text + " " + _("So it is on the test photos: the error falls.")
    return text + " " + _("On the test photos they do not: the error does not fall.")


def _show_one(run: Run, answers: Answers, worth: Calibrated) -> None:
    before = reliability(answers.probabilities, answers.truth)
    mended = bool(len(answers.val_truth))
    after = reliability(tempered(answers.probabilities, worth.temperature), answers.truth) if mended else None
    sentence = reliability_sentence(before)
    st.markdown(f"**{sentence}**")
    with st.container(horizontal=True):
        st.metric(_("ECE as answered"), f"{100 * worth.before:.1f} %", width="content")
        if mended:
            st.metric(
                _("ECE with temperature {value:.2f}").format(value=worth.temperature), f"{100 * worth.after:.1f} %", width="content"
            )
    if mended:
        st.caption(temperature_sentence(worth))
    else:
        st.caption(_("Its validation answers were not kept, so that no temperature can be chosen for it."))
    key, opened, series = f"reliability-{run.id}", opened_at(BINS, part=run.id), clickable(before)
    st.echarts_chart(
        reliability_options(before, after, opened=opened),
        height=HEIGHT_PX,
        key=key,
        on_select=on_click(BINS, key, lambda number, index: series[number][index] if number < len(series) else None, part=run.id),
        alt=_("Reliability diagram of {run} on {count} test photos. {sentence} ECE {before:.1f} %.").format(
            run=run.name, count=f"{len(answers.truth):,}", sentence=sentence, before=100 * worth.before
        ),
    )
    if opened is not None:
        link_to_photos()
    st.caption(_("Click a point or a bar of the answers as they are to see its photos."))
    _bin_table(run, before, after)


def _bin_table(run: Run, before: Sequence[Bin], after: Sequence[Bin] | None) -> None:
    """Draws the diagram as a table whose rows open the same photos: for the keyboard, and for those who do not see the chart."""
    box = st.expander(_("As a table"), key=f"reliability-table-open-{run.id}", on_change="rerun")
    if not box.open:
        return
    with box:
        st.caption(_("Click a row, or go there with Tab and the arrow keys: its photos open."))
        key, rows = table_key(BINS, f"reliability-{run.id}"), rows_of(before, after)
        st.dataframe(
            reliability_rows(before, after),
            hide_index=True,
            key=key,
            selection_mode="single-cell",
            on_select=on_choice(BINS, key, lambda row, _column: rows[row], part=run.id),
            alt=_("The reliability diagram of {run} as a table, one row a stretch.").format(run=run.name),
        )
