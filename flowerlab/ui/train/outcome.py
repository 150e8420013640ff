"""What a run came to, where to go from there, and what one can do with it."""

from __future__ import annotations

import re
from typing import Any

import streamlit as st

from flowerlab.errors import FlowerlabError
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.inference.classify import finished_runs
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import duration, percent
from flowerlab.runs.events import Result
from flowerlab.runs.run import MAX_NAME, Run, RunState
from flowerlab.ui.base.messages import show_error, succeeded
from flowerlab.ui.base.student import student_here
from flowerlab.ui.base.text import escaped, trainable_of
from flowerlab.ui.train.recipe_form import fill
from flowerlab.ui.train.training_on import train_on
from flowerlab.ui.widgets.seeds_view import seeds_popover

COMPARED = 4
# What stands under a figure is no change of it.
PLAIN: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off"}
# What the store put after a name that was made for a run.
NUMBER = re.compile(r"#\d+$")


def outcome(lab: Lab, run: Run) -> None:
    """Draws the figures of a run that is over, its message, and the next steps."""
    if run.message:
        bad = run.state in (RunState.FAILED, RunState.INTERRUPTED)
        (st.error if bad else st.info)(escaped(run.message))
    if run.result is not None:
        _figures(run.result, leak=run.recipe.split == "lecture")
        words = trainable_of(run.result.trainable_parameters, run.result.total_parameters)
        if run.result.cached_features:
            words += " · " + _("the frozen layers looked at every photo once, not in every epoch")
        st.caption(words)
        if run.recipe.seen_before:
            st.caption("ℹ️ " + _(run.recipe.seen_before))
    with st.container(horizontal=True):
        if run.result is not None:
            if st.button(_("⚖️ Compare"), key="to-compare"):
                st.switch_page("pages/compare.py", query_params={"runs": ",".join(_beside(lab, run))})
            if st.button(_("🔎 See where it errs"), key="to-mistakes"):
                st.switch_page("pages/mistakes.py", query_params={"runs": run.id})
            if st.button(_("📷 Classify a photo"), key="to-classify"):
                st.switch_page("pages/classify.py", query_params={"runs": run.id})
        train_on(lab, run)
        if run.state is RunState.DONE:
            seeds_popover(lab, run)
        else:
            _try_again(lab, run)


def _figures(result: Result, *, leak: bool) -> None:
    value, doubt = _("not tested"), None
    if result.test_accuracy is not None:
        low, high = accuracy_interval(result.test_accuracy, result.test_photos)
        value, doubt = percent(result.test_accuracy), f"95 %: {100 * low:.1f}–{100 * high:.1f}"
    words = _("Share of {count} photos that it never saw and named rightly; under it the 95 % interval.")
    if leak:
        words = _("Too high: with the lecture's split all {count} test photos were seen in training.")
    test, validation, time = st.columns(3)
    test.metric(
        _("Test accuracy"), ("⚠️ " if leak else "") + value, doubt, **PLAIN, help=words.format(count=f"{result.test_photos:,}")
    )
    validation.metric(
        _("Validation accuracy"),
        percent(result.val_accuracy),
        _("best epoch: {best} of {epochs}").format(best=result.best_epoch + 1, epochs=result.epochs_run),
        **PLAIN,
        help=_("Of the epoch whose weights were kept. It is a little too good, because that epoch was chosen by it."),
    )
    time.metric(
        _("Time"),
        duration(result.seconds),
        _("training {time}").format(time=duration(result.seconds_training)),
        **PLAIN,
        help=_("In all, with preparing the photos and testing."),
    )


def _beside(lab: Lab, run: Run) -> list[str]:
    """The run and the newest other finished ones, so that there is something to compare it with."""
    others = [other.id for other in finished_runs(lab.store, lab.home) if other.id != run.id]
    return [run.id, *others[: COMPARED - 1]]


def _try_again(lab: Lab, run: Run) -> None:
    if not st.button(_("↻ Train it again"), key="retry", help=_("Queues a new run with the same recipe.")):
        return
    try:
        started = lab.queue.start(run.recipe, name=NUMBER.sub("#{number}", run.name), again=True, student=student_here())
    except FlowerlabError as error:
        show_error(error)
        return
    st.query_params["run"] = started.run.id
    st.rerun()


def manage(lab: Lab, run: Run) -> None:
    """Offers to load a run's recipe into the form and, when it is over, to rename, keep or delete it."""
    with st.container(horizontal=True):
        if st.button(
            _("📝 Put this recipe into the form"),
            key="use-recipe",
            on_click=fill,
            args=(run.recipe,),
            help=_("Then change one knob and see what it does."),
        ):
            st.rerun()
        if run.state.over:
            with st.popover(_("Rename or delete"), key="manage"):
                _rename_or_delete(lab, run)


def _rename_or_delete(lab: Lab, run: Run) -> None:
    name = st.text_input(_("Name"), run.name, key=f"name-{run.id}", max_chars=MAX_NAME) or ""
    if st.button(_("Rename"), key="rename") and succeeded(lambda: lab.store.rename(run.id, name)):
        st.rerun()
    kept = st.toggle(
        _("📌 Keep it"), run.kept, key=f"kept-{run.id}", help=_("The cleaning rule of the Disk page never touches it.")
    )
    if kept != run.kept:
        lab.store.mark_kept(run.id, kept=kept)
    if st.button(
        _("Delete"), key="delete", help=_("To the trash: the Disk page can bring it back, with its model and its curve.")
    ) and succeeded(lambda: lab.trash.throw(run.id)):
        st.toast(_("The run is in the trash: the Disk page can bring it back."), icon="🗑️")
        st.query_params.pop("run", None)
        st.rerun()
