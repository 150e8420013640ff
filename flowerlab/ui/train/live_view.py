"""The live view: one run's curves and progress, and the other runs one click away."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from flowerlab.charts.colours import run_colour
from flowerlab.charts.live import MEASURES, live_options, live_sentence
from flowerlab.errors import UnknownRun
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState, told_apart
from flowerlab.ui.base.fragments import busy, refreshed
from flowerlab.ui.base.messages import show_error
from flowerlab.ui.base.text import STATE_SIGNS, escaped, state_words
from flowerlab.ui.train.outcome import manage, outcome
from flowerlab.ui.train.take_home import converting, take_home_section
from flowerlab.ui.widgets.run_picker import run_title
from flowerlab.ui.widgets.run_progress import progress_of

EVERY_S = 1.0
MOST_PILLS = 6
PICK, OLDER, PICK_OLD = "live-run", "live-runs", "live-run-old"
HEIGHT_PX = {"accuracy": 300, "loss": 250}


def live_view(lab: Lab) -> None:
    """Draws the run that the address names (`?run=…`), else the one that trains, else the newest; again every second while
    anything runs."""
    try:
        shown = _shown(lab)
    except UnknownRun as error:
        show_error(error)
        st.button(_("Show the newest run"), key="newest", on_click=_forget_address)
        return
    if shown is None:
        st.info(_("No run yet. Set the knobs and press Start: the curves will draw themselves here."), icon="🌱")
        return
    watched, was_over = busy(lab) or converting(lab, shown), shown.state.over

    def draw() -> None:
        try:
            run = _shown(lab)
        except UnknownRun:
            # Deleted from another window: the whole page says so.
            run = None
        if run is None or (watched and not (busy(lab) or converting(lab, run))) or (run.state.over and not was_over):
            # One whole rerun drops the timer, or brings the outcome of the run that has just ended.
            st.rerun()
        _pick(lab, run)
        _draw(lab, run, lab.store.history(run.id))

    refreshed(draw, every_s=EVERY_S if watched else None)


def _shown(lab: Lab) -> Run | None:
    """The run to show; None if there is none at all.

    Raises:
        UnknownRun: If the address names none.
    """
    asked = st.query_params.get("run")
    if asked is not None:
        return lab.store.get(asked)
    return next(iter([*lab.store.live(), *lab.store.all()]), None)


def _forget_address() -> None:
    st.query_params.pop("run", None)


def _pick(lab: Lab, run: Run) -> None:
    """The newest runs with their states side by side; the others in a list after them."""
    runs = {other.id: other for other in lab.store.all()}
    if len(runs) == 1:
        return
    # What the widgets keep of all runs a page keeps until it is closed, and there may be hundreds of both.
    near = {run_id: runs[run_id] for run_id in {run.id, *list(runs)[:MOST_PILLS]}}
    pills = sorted(near, key=lambda run_id: near[run_id].number)
    # What is shown is what the address says; a click changes the address.
    st.session_state[PICK] = run.id
    st.pills(
        _("Runs"),
        pills,
        format_func=lambda run_id: f"{STATE_SIGNS[near[run_id].state]} {escaped(near[run_id].name)}",
        key=PICK,
        on_change=_show_picked,
        args=(lab, PICK),
        required=True,
        help=_("The newest runs: ⏳ waits, 🌱 trains, ✅ is done. Click one to watch it."),
    )
    if len(runs) > len(pills):
        _pick_older(lab, run, list(runs.values()))


def _pick_older(lab: Lab, run: Run, runs: Sequence[Run]) -> None:
    box = st.popover(_("🔎 All {count} runs").format(count=len(runs)), key=OLDER, on_change="rerun")
    # What is shut costs nothing, neither time nor what a page keeps of hundreds of runs.
    if not box.open:
        return
    with box:
        st.session_state[PICK_OLD] = run.id
        # Without the state, which changes: a browser sends the words back, and old ones name no run any more.
        names = told_apart(runs)
        st.selectbox(
            _("Which run to show"),
            list(names),
            format_func=names.__getitem__,
            key=PICK_OLD,
            on_change=_show_picked,
            args=(lab, PICK_OLD),
            help=_("Newest first. Type a part of its name."),
        )


def _show_picked(lab: Lab, key: str) -> None:
    # Words of a moment ago, of a run that has been renamed since, choose nothing.
    with suppress(UnknownRun):
        st.query_params["run"] = lab.store.get(str(st.session_state[key])).id


def _draw(lab: Lab, run: Run, history: History) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            run_title(run)
        st.markdown(state_words(run.state), width="content")
        if not run.state.over:
            _stop_button(lab, run)
    if run.state.over:
        outcome(lab, run)
        _offer_the_next(lab)
    else:
        progress = progress_of(run, history, ahead=lab.queue.place(run) if run.state is RunState.QUEUED else 0)
        st.progress(progress.share, progress.words)
        if run.message:
            # Why it was started again.
            st.caption("🔌 " + escaped(run.message))
    # A run that ended before its first epoch has no curve, and an empty chart would promise one.
    for measure in MEASURES if history.epochs or not run.state.over else ():
        st.echarts_chart(
            live_options(history, measure, colour=run_colour(run.number), epochs=run.recipe.epochs),
            height=HEIGHT_PX[measure],
            key=f"live-{measure}-{run.id}",
            alt=live_sentence(history, measure),
        )
    take_home_section(lab, run)
    manage(lab, run)


def _offer_the_next(lab: Lab) -> None:
    """Leads on to the run that trains now, after one was watched to its end."""
    for run in lab.store.live()[:1]:
        st.button(
            _("🌱 Now training: {name}. Watch it").format(name=escaped(run.name)),
            key="watch-next",
            type="primary",
            on_click=st.query_params.update,
            args=({"run": run.id},),
        )


def _stop_button(lab: Lab, run: Run) -> None:
    label = _("Skip the test") if run.state is RunState.EVALUATING else _("■ Stop")
    if st.button(label, key="stop", disabled=run.state is RunState.STOPPING):
        lab.queue.stop(run.id)
        st.rerun(scope="fragment")
