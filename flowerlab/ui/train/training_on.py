"""Going on with a run that is over: to the end of its recipe, or for more epochs."""

from __future__ import annotations

import streamlit as st

from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.runs.resume import GoingOn, going_on
from flowerlab.runs.run import Run, RunState
from flowerlab.ui.base.messages import succeeded
from flowerlab.ui.base.student import student_here

MORE_EPOCHS = 5


def train_on(lab: Lab, run: Run) -> None:
    """Offers to go on where a run was cut off, and to train one that has a model for more epochs."""
    found = going_on(run, lab.home)
    if found.epochs_run and (found.left or run.result is None):
        _go_on(lab, run, found)
    if run.result is not None:
        with st.popover(_("➕ Train on"), key="train-on"):
            _train_longer(lab, run, found)


def _go_on(lab: Lab, run: Run, found: GoingOn) -> None:
    if found.left:
        label = _("▶ Go on from epoch {epoch}").format(epoch=found.epochs_run + 1)
        words = _("Trains the epochs that are left, {count} of {epochs}, as if nothing had happened.")
    else:
        label, words = _("▶ Test and save it"), _("It has trained to its end, but there is no model yet.")
    unfinished = run.state in (RunState.FAILED, RunState.INTERRUPTED)
    if st.button(
        label,
        key="go-on",
        type="primary" if unfinished else "secondary",
        help=words.format(count=found.left, epochs=run.recipe.epochs),
    ) and succeeded(lambda: lab.queue.go_on(run.id, student=student_here())):
        st.rerun()


def _train_longer(lab: Lab, run: Run, found: GoingOn) -> None:
    if not found.possible:
        st.write(_("It cannot be trained on: only its model was kept. A new run can start from it: choose it under Start from."))
        return
    most = int(KNOBS["epochs"].maximum or 0) - found.epochs_run
    if most < 1:
        st.write(_("It has trained as many epochs as a run can have."))
        return
    epochs = st.number_input(
        _("More epochs"),
        1,
        most,
        min(most, found.left or MORE_EPOCHS),
        key=f"more-epochs-{run.id}",
        help=_("It goes on where it stopped, also with what the optimizer has learnt. The best epoch of all is kept."),
    )
    if st.button(
        _("Train on from epoch {epoch}").format(epoch=found.epochs_run + 1), key="train-longer", type="primary"
    ) and succeeded(lambda: lab.queue.go_on(run.id, epochs=int(epochs), student=student_here())):
        st.rerun()
