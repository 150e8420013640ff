"""One ready experiment as a card: its question, its price, its button, how far it is, what came out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from flowerlab.errors import BadRecipe
from flowerlab.experiments.ready_made import Experiment, Trial, find_trial, seconds_of_trial, start_trial
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import percent, roughly, spelled
from flowerlab.runs.run import Run, RunState
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.messages import show_error, succeeded
from flowerlab.ui.base.student import student_here
from flowerlab.ui.base.text import escaped, state_words
from flowerlab.ui.widgets.run_progress import progress_of

EVERY_S = 1.0
ShowResult = Callable[[Lab, Trial], None]


def experiment_card(
    lab: Lab, experiment: Experiment, *, architecture: str, shared: Mapping[str, Any], show_result: ShowResult
) -> None:
    """Draws the card. How far the experiment is, is read from the store: one who comes back finds it."""
    with st.container(border=True, key=f"experiment-{experiment.name}"):
        st.subheader(_(experiment.question), anchor=False)
        st.markdown(_(experiment.sentence))

        def find() -> Trial:
            return find_trial(lab, experiment, architecture=architecture, shared=shared)

        trial = find()
        if trial.complete:
            show_result(lab, trial)
            ids = ",".join(run.id for run in trial.runs.values())
            if st.button(_("⚖️ Compare these runs"), key=f"compare-{experiment.name}"):
                st.switch_page("pages/compare.py", query_params={"runs": ids})
        if trial.recipes:
            _offer(lab, trial)
        if trial.under_way:
            refreshed(lambda: _progress(lab, find(), drawn=trial), every_s=EVERY_S)


def _offer(lab: Lab, trial: Trial) -> None:
    """Says what is there already and what failed, what the rest costs, and starts it."""
    for run in trial.runs.values():
        if run.state is not RunState.DONE:
            st.warning(f"**{escaped(run.name)}** · {state_words(run.state)}: {escaped(run.message)}", icon="⚠️")
    try:
        seconds = seconds_of_trial(lab, trial)
    except BadRecipe as error:
        show_error(error)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(_("▶ Run the experiment"), type="primary", key=f"start-{trial.experiment.name}")
        st.markdown(f"⏱ {_price(trial, seconds)}", width="content")
    if pressed and succeeded(
        lambda: start_trial(lab, trial.experiment, architecture=trial.architecture, shared=trial.shared, student=student_here())
    ):
        st.rerun()


def _price(trial: Trial, seconds: float) -> str:
    missing, count = len(trial.recipes), len(trial.experiment.arms)
    words = _("about **{time}**, {count} runs").format(time=roughly(seconds), count=spelled(missing))
    if missing == 1:
        words = _("about **{time}**, one run").format(time=roughly(seconds))
    if missing < count:
        words += _(" ({here} of {all} already there or under way)").format(all=spelled(count), here=spelled(count - missing))
    return words


def _progress(lab: Lab, trial: Trial, *, drawn: Trial) -> None:
    """Draws each run of it; the page is drawn again when none waits or is under way any more, or one came to nothing."""
    if not trial.under_way or trial.recipes.keys() != drawn.recipes.keys():
        st.rerun()
    done = sum(run.state is RunState.DONE for run in trial.runs.values())
    st.markdown(
        _("**{done} of {count} runs are done.** You may leave this page and come back.").format(
            done=done, count=len(trial.experiment.arms)
        )
    )
    for arm in trial.experiment.arms:
        run = trial.runs.get(arm.name)
        if run is not None:
            st.progress(*_step(lab, run, _(arm.label)))
    # What is under way before the button was pressed belongs to another student.
    if not trial.recipes and st.button(_("■ Stop these runs"), key=f"stop-{trial.experiment.name}"):
        # The last one first: otherwise the next in the queue would begin just to be stopped.
        for run in reversed(list(trial.runs.values())):
            if not run.state.over:
                lab.queue.stop(run.id)
        st.rerun(scope="fragment")


def _step(lab: Lab, run: Run, title: str) -> tuple[float, str]:
    words = f"{title} · {state_words(run.state)}"
    if run.state is RunState.DONE and run.result is not None and run.result.test_accuracy is not None:
        return 1.0, words + " · " + _("test accuracy {figure}").format(figure=percent(run.result.test_accuracy))
    if run.state.over:
        return 0.0, words
    step = progress_of(run, lab.store.history(run.id), ahead=lab.queue.place(run) if run.state is RunState.QUEUED else 0)
    return step.share, f"{words} · {step.words}"
