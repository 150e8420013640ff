"""Learning curves of the chosen runs over each other: along epochs, seconds or steps, seeds of one recipe as a band."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import streamlit as st

from flowerlab.charts.curves import Along, Curve, Measure, banded, curve_rows, curves_height, curves_options, curves_sentence
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.runs.history import History
from flowerlab.runs.run import Run
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.text import escaped
from flowerlab.ui.compare.fairness import features_note, marked_names
from flowerlab.ui.widgets.choice import choose_word


def show_curves(lab: Lab, families: Sequence[Sequence[Run]]) -> None:
    """Draws the figure and the choices that belong to it; a family of several runs (see `results.seeds.families`) is one band."""
    st.subheader(
        _("Learning curves"),
        help=_(
            "Thick line: validation photos, which the network did not learn from. Thin line: training photos. "
            "The large mark is the epoch whose weights were kept."
        ),
    )
    # A part of its own: another choice draws the figure again, not the page.
    refreshed(lambda: _draw(lab, families), every_s=None)


def _draw(lab: Lab, families: Sequence[Sequence[Run]]) -> None:
    measure, along = _choices()
    names = marked_names([run for family in families for run in family])
    curves, without, late = [], [], []
    for family in families:
        drawn = {run.id: curve_of(run, lab.store.history(run.id), measure, along, name=names[run.id]) for run in family}
        known = [curve for curve in drawn.values() if curve is not None]
        without += [names[run_id] for run_id, curve in drawn.items() if curve is None]
        late += [names[run.id] for run in family if before_training_s(run, lab.store.history(run.id)) is None]
        if len(known) > 1:
            name = _("{run} and {others} more seeds")
            if len(known) == 2:
                name = _("{run} and 1 more seed")
            curves.append(banded(known, name.format(run=known[0].name, others=len(known) - 1)))
        else:
            curves += known
    if without:
        words = _("Not drawn, because it is not known how many batches an epoch had: {names}.")
        st.caption(words.format(names=", ".join(map(escaped, without))))
    if curves:
        st.echarts_chart(
            curves_options(curves, measure, along),
            height=curves_height(curves, measure),
            key="compare-curves",
            alt=curves_sentence(curves, measure),
        )
    st.caption(_what_is_drawn(curves))
    if along == "seconds":
        if late:
            words = _("Begins with the first epoch, because it is not known what photos and features took before it: {names}.")
            st.caption(words.format(names=", ".join(map(escaped, late))))
        if note := features_note([run for family in families for run in family]):
            st.caption(note)
    if curves:
        _table(curves, measure, along)


def _what_is_drawn(curves: Sequence[Curve]) -> str:
    words = _("Thick line: validation. Thin line: training. Large mark: the epoch that was kept.")
    if any(curve.low for curve in curves):
        words += " " + _(
            "Band: several seeds of one recipe, the lines are their means, the band goes from the lowest to the highest validation, as "
            "far as the shortest run; ± is the standard deviation."
        )
    return words


def _table(curves: Sequence[Curve], measure: Measure, along: Along) -> None:
    """Draws the curves as a table, once it is opened."""
    box = st.expander(_("As a table"), key="compare-curves-table-open", on_change="rerun")
    if not box.open:
        return
    number, form = st.column_config.NumberColumn, "%.1f %%" if measure == "accuracy" else "%.3f"
    with box:
        st.dataframe(
            curve_rows(curves, measure),
            hide_index=True,
            key="compare-curves-table",
            placeholder="–",
            column_order=["run", "epoch", *(["at"] if along != "epoch" else []), "training", "validation", "low", "high"],
            column_config={
                "run": st.column_config.TextColumn(_("Run"), pinned=True),
                "epoch": number(_("Epoch")),
                "at": number(_("Seconds") if along == "seconds" else _("Steps"), format="%.1f" if along == "seconds" else "%d"),
                "training": number(_("Training"), format=form),
                "validation": number(_("Validation"), format=form),
                "low": number(_("lowest"), format=form, help=_("Of several seeds: the lowest validation.")),
                "high": number(_("highest"), format=form, help=_("Of several seeds: the highest validation.")),
            },
            alt=_("A table of the curves, one row an epoch of each run."),
        )


def _choices() -> tuple[Measure, Along]:
    measures: dict[Measure, str] = {"accuracy": _("Accuracy"), "loss": _("Loss")}
    ways: dict[Along, str] = {"epoch": _("Epochs"), "seconds": _("Seconds"), "steps": _("Steps")}
    with st.container(horizontal=True, gap="medium"):
        measure = choose_word(
            _("Curves of"),
            measures,
            key="compare-measure",
            help=_("Accuracy: share named rightly. Loss: how far the probabilities are from the truth; smaller is better."),
        )
        along = choose_word(
            _("Along"),
            ways,
            key="compare-along",
            help=_(
                "Epochs: how often all training photos were seen. Seconds: the time since the run began, so that a curve begins "
                "behind what photos and features took. "
                "Steps: how often the weights were changed, once a batch."
            ),
        )
    return measure, along


def before_training_s(run: Run, history: History) -> float | None:
    """Returns the seconds that a run spent on photos, features and building its network before its first epoch; None if unknown.

    A run that was started again or trained on spent some of them in another attempt.
    """
    if run.attempt != 1 or history.attempt is None or history.start is None:
        return None
    return max(0.0, history.start.time_s - history.attempt.time_s)


def curve_of(run: Run, history: History, measure: Measure, along: Along, *, name: str) -> Curve | None:
    """Returns a run's curve under a name; None if it is not known where its epochs stand on the axis."""
    epochs = [history.epochs[number] for number in sorted(history.epochs)]
    best = run.result.best_epoch if run.result is not None else history.best_epoch
    if along == "seconds":
        begin_s = before_training_s(run, history) or 0.0
        at = tuple(begin_s + seconds for seconds in itertools.accumulate(epoch.seconds for epoch in epochs))
    elif along == "epoch":
        at = ()
    elif history.start is None:
        return None
    else:
        at = tuple(float((epoch.epoch + 1) * history.start.batches) for epoch in epochs)
    return Curve(
        name=name,
        number=run.number,
        epochs=tuple(epoch.epoch + 1 for epoch in epochs),
        training=tuple(epoch.accuracy if measure == "accuracy" else epoch.loss for epoch in epochs),
        validation=tuple(epoch.val_accuracy if measure == "accuracy" else epoch.val_loss for epoch in epochs),
        best_epoch=None if best is None else best + 1,
        at=at,
    )
