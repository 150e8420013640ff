"""The live view of one run: curves, progress, stop, and what it came to."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.colours import run_colour
from flowerlab.charts.live import live_options, live_sentence
from flowerlab.errors import FlowerlabError
from flowerlab.history import History
from flowerlab.locale import _
from flowerlab.runs import Lab
from flowerlab.store import Run, RunState
from flowerlab.ui.words import duration, percent, percent_with_interval, state_words, trainable_of


def live_view(lab: Lab, run_id: str) -> None:
    """Draws a run; while it is not over, again every second.

    Raises:
        UnknownRun: If there is no such run.
    """
    going = not lab.store.get(run_id).state.over

    @st.fragment(run_every=1 if going else None)
    def view() -> None:
        run = lab.store.get(run_id)
        _draw(lab, run, lab.history(run_id))
        if going and run.state.over:
            # One whole rerun drops the timer and refreshes what stands around.
            st.rerun()

    view()


def _draw(lab: Lab, run: Run, history: History) -> None:
    st.subheader(run.name, anchor=False)
    st.markdown(f"### {state_words(run.state)}")
    _progress(lab, run, history)
    for measure in ("accuracy", "loss"):
        st.echarts_chart(
            live_options(history, measure, colour=run_colour(run.number), epochs=run.recipe.epochs),
            height=280, key=f"live-{measure}-{run.id}", alt=live_sentence(history, measure),
        )  # fmt: skip
    if run.state.over:
        _outcome(run)


def _progress(lab: Lab, run: Run, history: History) -> None:
    left = history.seconds_left()
    still = "" if left is None else _(" · about {time} left").format(time=duration(left))
    if run.state is RunState.QUEUED:
        st.progress(0.0, _("Waits for {count} other runs.").format(count=lab.queue_place(run)))
    elif history.preparing is not None and not run.state.over:
        said = history.preparing
        counts = f" {said.done:,} / {said.total:,}" if said.total else ""
        st.progress(said.done / said.total if said.total else 0.0, f"{_(said.step)}{counts}{still}")
    elif run.state is RunState.EVALUATING and history.evaluating is not None:
        said_test = history.evaluating
        st.progress(said_test.done / max(1, said_test.total), _("Testing: {done:,} / {total:,} photos").format(
            done=said_test.done, total=said_test.total))  # fmt: skip
    elif not run.state.over:
        words = _("Epoch {done} of {total}").format(
            done=min(len(history.epochs) + 1, run.recipe.epochs), total=run.recipe.epochs
        )
        st.progress(history.progress(), words + still)
    if not run.state.over:
        label = _("Skip the test") if run.state is RunState.EVALUATING else _("■ Stop")
        if st.button(label, key="stop", disabled=run.state is RunState.STOPPING):
            lab.stop(run.id)
            st.rerun(scope="fragment")


def _outcome(run: Run) -> None:
    if run.message:
        (st.error if run.state in (RunState.FAILED, RunState.INTERRUPTED) else st.info)(run.message)
    result = run.result
    if result is None:
        return
    tested = _("the test was skipped")
    if result.test_accuracy is not None:
        tested = percent_with_interval(result.test_accuracy, result.test_photos)
    st.metric(
        _("Test accuracy"),
        tested,
        help=_("Share of photos it never saw that it named rightly, with its 95 % interval."),
    )
    columns = st.columns(2)
    columns[0].metric(
        _("Validation accuracy"), percent(result.val_accuracy),
        help=_("Of the best epoch, {epoch}; its weights were kept.").format(epoch=result.best_epoch + 1),
    )  # fmt: skip
    columns[1].metric(_("Time"), duration(result.seconds), help=_("From the trainer's first word to the result."))
    st.caption(trainable_of(result.trainable_parameters, result.total_parameters))
    go = st.columns(2)
    if go[0].button(_("⚖️ Compare"), key="to-compare"):
        st.switch_page("pages/compare.py", query_params={"runs": run.id})
    if go[1].button(_("📷 Classify a photo"), key="to-classify"):
        st.switch_page("pages/classify.py", query_params={"runs": run.id})


def manage(lab: Lab, run: Run) -> None:
    """Offers to rename a run, and to delete it after a question."""
    with st.expander(_("Rename or delete this run")):
        name = st.text_input(_("Name"), run.name, key=f"name-{run.id}", max_chars=80)
        if st.button(_("Rename"), key="rename") and _told(lambda: lab.rename(run.id, name)):
            st.rerun()
        sure = st.checkbox(_("Yes, delete the run, its model and its predictions for good"), key=f"sure-{run.id}")
        if st.button(_("Delete"), key="delete", disabled=not sure) and _told(lambda: lab.delete(run.id)):
            st.query_params.clear()
            st.rerun()


def _told(act: object) -> bool:
    """Does something and tells an error as a sentence; returns whether it went well."""
    try:
        act()  # type: ignore[operator]
    except FlowerlabError as error:
        st.error(str(error))
        return False
    return True
