"""How much is chance? What several seeds of a recipe came to, and a button that trains the missing ones."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.errors import BadRecipe
from flowerlab.experiments.more_seeds import seconds_of_seeds, start_seeds
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import roughly
from flowerlab.results.seeds import WANTED, missing_seeds, relatives, spread, spread_words
from flowerlab.runs.run import Run, told_apart
from flowerlab.ui.base.fragments import fragment, refreshed
from flowerlab.ui.base.messages import succeeded
from flowerlab.ui.base.student import student_here
from flowerlab.ui.base.text import escaped, state_words
from flowerlab.ui.widgets.run_progress import progress_of

EVERY_S = 1.0
# Where other parts of the page lead to.
SEEDS_ANCHOR = "seeds"


def show_seeds(lab: Lab, families: Sequence[Sequence[Run]], *, picker: str, most: int) -> None:
    """Draws a row for each of the chosen recipes; the picker (key of the widget of `pick_runs`) may be made to show all its seeds."""
    st.subheader(
        _("How much is chance?"),
        anchor=SEEDS_ANCHOR,
        help=_(
            "The seed decides with which random numbers a head begins and in which order photos come. Another seed gives another accuracy: "
            "a difference smaller than that between seeds says nothing. ± is the standard deviation, in brackets the lowest and highest."
        ),
    )
    _rows(lab, families, picker=picker, most=most)


@fragment()
def _rows(lab: Lab, families: Sequence[Sequence[Run]], *, picker: str, most: int) -> None:
    """A part of its own: who asks for a price draws nothing else of the page again."""
    shown = [run.id for family in families for run in family]
    everything, names = lab.store.all(), told_apart([family[0] for family in families])
    for family in families:
        with st.container(border=True, key=f"seeds-{family[0].id}"):
            others = relatives(lab.store, family[0], among=everything)
            _row(lab, family[0], names[family[0].id], others, chosen=shown, picker=picker, most=most)


def _row(lab: Lab, run: Run, name: str, others: Sequence[Run], *, chosen: Sequence[str], picker: str, most: int) -> None:
    """Says what is known of a recipe's spread, and offers to train the missing seeds or shows how far they are.

    All is read from the store: one who comes back finds it.
    """
    if any(not other.state.over for other in others):
        refreshed(lambda: _progress(lab, run, name), every_s=EVERY_S)
        return
    st.markdown(f"**{escaped(name)}** · {_known(others)}")
    hidden = [other.id for other in others if other.id not in chosen]
    with st.container(horizontal=True):
        if missing_seeds(run, others):
            opened = st.popover(_("🎲 Three seeds"), key=f"seeds-{run.id}-open", on_change="rerun")
            # To look up what they cost takes a moment; what is shut costs nothing.
            if opened.open:
                with opened:
                    _offer(lab, run, others)
        if len(others) > 1 and hidden:
            pressed = st.button(
                _("Show all {count} seeds").format(count=len(others)),
                key=f"show-seeds-{run.id}",
                on_click=st.session_state.update,
                args=({picker: [*(other.id for other in others), *(one for one in chosen if one not in hidden)][:most]},),
                help=_("Draws them as a band in the curves above."),
            )
            if pressed:
                st.rerun()


def seeds_popover(lab: Lab, run: Run) -> None:
    """Offers the missing seeds of a run that is done, or says how many of them are done."""
    opened = st.popover(
        _("🎲 Three seeds"),
        key="seeds",
        on_change="rerun",
        help=_("How much of the accuracy is chance? Train the recipe with other random numbers, and see."),
    )
    # What is shut costs nothing, also where the view draws itself again every second.
    if not opened.open:
        return
    with opened:
        others = relatives(lab.store, run)
        st.markdown(_known(others))
        if any(not other.state.over for other in others):
            done = sum(other.state.over for other in others)
            st.markdown(_("{done} of {count} seeds are done.").format(done=done, count=max(WANTED, len(others))))
            return
        _offer(lab, run, others)
        if len(others) > 1 and st.button(_("⚖️ Compare the seeds"), key="compare-seeds"):
            st.switch_page("pages/compare.py", query_params={"runs": ",".join(other.id for other in others)})


def _known(runs: Sequence[Run]) -> str:
    accuracies = [run.result.test_accuracy for run in runs if run.result and run.result.test_accuracy is not None]
    if len(accuracies) > 1:
        return _("test accuracy of {spread}").format(spread=spread_words(spread(accuracies)))
    return _("one seed: nobody knows yet how much of its accuracy is chance.")


def _offer(lab: Lab, run: Run, others: Sequence[Run]) -> None:
    seeds = missing_seeds(run, others)
    if not seeds:
        return
    try:
        seconds = seconds_of_seeds(lab, run, seeds)
    except BadRecipe as error:
        st.caption(_("It cannot be repeated.") + " " + escaped(str(error)))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(_("🎲 Run it with three seeds"), key=f"seeds-start-{run.id}")
        if pressed and succeeded(lambda: start_seeds(lab, run, seeds, student=student_here())):
            st.rerun()
        words = _("seeds {seeds} are still to be trained, about {time}").format(
            seeds=", ".join(map(str, seeds)), time=roughly(seconds)
        )
        if run.recipe.start_from is not None:
            words += " " + _("(the run that it goes on from is trained with these seeds too)")
        st.caption(words, width="content")


def _progress(lab: Lab, run: Run, name: str) -> None:
    """Draws the seeds while some wait or are under way; leaves with a rerun of the page when none is any more."""
    others = relatives(lab.store, run)
    if all(other.state.over for other in others):
        st.rerun()
    done = sum(other.state.over for other in others)
    st.markdown(
        f"**{escaped(name)}** · "
        + _("{done} of {count} seeds are done. You may leave this page.").format(done=done, count=max(WANTED, len(others)))
    )
    for other in others:
        if not other.state.over:
            ahead = lab.queue.place(other)
            step = progress_of(other, lab.store.history(other.id), ahead=ahead)
            words = f"{_('Seed')} {other.recipe.seed} · {state_words(other.state)} · {step.words}"
            st.progress(step.share, words)
    stays = _("Those that are done stay.")
    if run.recipe.start_from is not None:
        stays += " " + _("The runs that they go on from are not stopped.")
    waiting = [other.id for other in others if not other.state.over]
    st.button(_("■ Stop these seeds"), key=f"seeds-stop-{run.id}", help=stays, on_click=_stop, args=(lab, waiting))


def _stop(lab: Lab, run_ids: Sequence[str]) -> None:
    # The last one first: otherwise the next in the queue would begin just to be stopped.
    for run_id in reversed(run_ids):
        lab.queue.stop(run_id)
