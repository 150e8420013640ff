"""The Start button: queues the recipe of the form, and never trains the same thing twice unasked."""

from __future__ import annotations

import streamlit as st

from flowerlab.errors import FlowerlabError, UnknownRun
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.presets import PRESETS, name_of
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.ui.base.messages import show_error
from flowerlab.ui.base.student import student_here
from flowerlab.ui.base.text import escaped, state_words

EQUAL = "train-equal"


def start_button(lab: Lab, recipe: Recipe, *, letter: str | None, new_b: bool, refused: str | None = None) -> None:
    """Draws Start, and after a click on it the offer of an equal run.

    Args:
        recipe: Of the form; without `start_from` if `new_b`.
        letter: Of the lecture's recipe that this is; gives the run its name.
        new_b: Whether a run of B is queued first, from which this one starts.
        refused: Why it would be refused, if memory or disk do not suffice; then Start is shut.
    """
    if refused is not None:
        st.error(escaped(refused), icon="🚧")
    label = _("▶ Start B, then this") if new_b else _("▶ Start")
    if st.button(label, type="primary", key="start", width="stretch", disabled=refused is not None):
        _start(lab, recipe, letter=letter, new_b=new_b, again=False)
    equal = _equal(lab, recipe)
    if equal is None:
        return
    st.info(
        _("This very recipe has a run already: {name}, {state}.").format(
            name=f"**{escaped(equal.name)}**", state=state_words(equal.state)
        ),
        icon="♻️",
    )
    with st.container(horizontal=True):
        if st.button(_("Show it"), key="show-equal"):
            _show(equal)
        if st.button(_("Train again"), key="again", help=_("The same seed gives the same run; change the seed to see chance.")):
            _start(lab, equal.recipe, letter=letter, new_b=False, again=True)


def _start(lab: Lab, recipe: Recipe, *, letter: str | None, new_b: bool, again: bool) -> None:
    name = PRESETS[letter].run_name if letter else name_of(recipe)
    shown = recipe.fingerprint()
    try:
        with lab.queue.batch(student_here()) as batch:
            if new_b:
                recipe = recipe.changed(start_from=batch.start(b_recipe(recipe), name=PRESETS["B"].run_name).run.id)
            started = batch.start(recipe, name=name, again=again)
    except FlowerlabError as error:
        show_error(error)
        return
    if started.existing:
        st.session_state[EQUAL] = (shown, started.run.id)
        return
    _show(started.run)


def b_recipe(recipe: Recipe) -> Recipe:
    """Returns the B that a recipe starts from, if it is to be trained first: its head learns at the usual rate."""
    return recipe.changed(unfreeze_from="none", start_from=None, learning_rate=KNOBS["learning_rate"].default)


def _equal(lab: Lab, recipe: Recipe) -> Run | None:
    """The run that Start found, as long as the form still shows its recipe."""
    fingerprint, run_id = st.session_state.get(EQUAL, ("", ""))
    if fingerprint != recipe.fingerprint():
        return None
    try:
        return lab.store.get(run_id)
    except UnknownRun:
        return None


def _show(run: Run) -> None:
    st.session_state.pop(EQUAL, None)
    st.query_params["run"] = run.id
    st.rerun()
