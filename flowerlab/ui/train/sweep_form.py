"""A grid of runs from the Train page: several values of a knob or two, one table of what they came to."""

from __future__ import annotations

import streamlit as st

from flowerlab.errors import BadRecipe, FlowerlabError
from flowerlab.experiments.sweep import seconds_of_sweep, start_sweep
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import percent, roughly
from flowerlab.recipe.grid import GridPoint, grid, parse_axis
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.recipe import Recipe
from flowerlab.results.sentences import accuracy_words
from flowerlab.runs.run import Run
from flowerlab.ui.base.fragments import busy, refreshed
from flowerlab.ui.base.messages import show_error
from flowerlab.ui.base.student import student_here
from flowerlab.ui.base.text import state_words

QUEUED = "sweep-runs"
EVERY_S = 2.0
OFFERED = [name for name, knob in KNOBS.items() if knob.offered_in_sweep]


def sweep_section(lab: Lab, recipe: Recipe) -> None:
    """Draws the section; all knobs that are not swept are those of the form."""
    with st.expander(_("Several values at once: a sweep"), key="sweep"):
        chosen = st.multiselect(
            _("Knobs to vary"),
            OFFERED,
            format_func=lambda name: _(KNOBS[name].label),
            max_selections=2,
            key="sweep-knobs",
            placeholder=_("one or two"),
            help=_("Every combination of their values is trained; all other knobs are as in the form above."),
        )
        axes = [(name, _values(name)) for name in chosen]
        if not chosen:
            st.caption(_("Choose a knob to see how much it matters: frozen layers look at the photos only once for all."))
        else:
            _offer(lab, recipe, axes)
        _table(lab)


def _values(name: str) -> str:
    knob = KNOBS[name]
    hint = _("with colons between: none : 20 : 50,20") if name == "head" else _("with commas between")
    return st.text_input(f"{_(knob.label)} – {hint}", knob.offered_in_sweep, key=f"sweep-values-{name}", help=_(knob.help))


def _offer(lab: Lab, recipe: Recipe, axes: list[tuple[str, str]]) -> None:
    base = {name: as_text(value) for name, value in recipe.model_dump().items() if name not in dict(axes)}
    try:
        points = grid(base, [parse_axis(f"{name}={values}") for name, values in axes])
        seconds = seconds_of_sweep(lab, points)
    except BadRecipe as error:
        show_error(error)
        return
    words = _("▶ Queue {count} runs, about {time}").format(count=len(points), time=roughly(seconds))
    if st.button(words, key="sweep-start", width="stretch"):
        _start(lab, points)


def _start(lab: Lab, points: list[GridPoint]) -> None:
    # All were checked: what fails now (a full disk) fails for all.
    try:
        started = start_sweep(lab, points, student=student_here())
    except FlowerlabError as error:
        show_error(error)
        return
    st.session_state[QUEUED] = [
        (one.run.id, dict(point.differs), not one.existing) for one, point in zip(started, points, strict=True)
    ]
    st.rerun()


def _table(lab: Lab) -> None:
    queued: list[tuple[str, dict[str, str], bool]] = st.session_state.get(QUEUED, [])
    if not queued:
        return

    def draw() -> None:
        runs = {run.id: run for run in lab.store.all()}
        rows = [_row(runs[run_id], differs) for run_id, differs, _ours in queued if run_id in runs]
        # What another student had started before is only shown here.
        waiting = [runs[run_id] for run_id, _d, ours in queued if ours and run_id in runs and not runs[run_id].state.over]
        st.dataframe(
            rows,
            hide_index=True,
            width="stretch",
            height="content",
            alt=_("A table of the runs of the last sweep: the swept knobs, the state and the accuracies of each."),
        )
        if waiting and st.button(_("✋ Stop these {count}").format(count=len(waiting)), key="sweep-stop"):
            for run in waiting:
                lab.queue.stop(run.id)

    st.markdown(_("**The last sweep**"))
    refreshed(draw, every_s=EVERY_S if busy(lab) else None)


def _row(run: Run, differs: dict[str, str]) -> dict[str, str]:
    return {
        **{_(KNOBS[name].label): value for name, value in differs.items()},
        _("validation"): percent(run.result.val_accuracy) if run.result is not None else "–",
        _("test"): accuracy_words(run, "–"),
        _("state"): state_words(run.state),
    }
