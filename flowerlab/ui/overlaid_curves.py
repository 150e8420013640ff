"""Learning curves of the chosen runs over each other: along epochs, seconds or steps, seeds of one recipe as a band."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import cast

import streamlit as st

from flowerlab.charts.curves import Along, Curve, Measure, banded, curves_figure, curves_sentence
from flowerlab.history import History
from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.runs import Lab
from flowerlab.ui.refreshing import refreshed
from flowerlab.ui.run_picker import escaped


def show_curves(lab: Lab, families: Sequence[Sequence[Run]]) -> None:
    """Draws the figure and the choices that belong to it.

    Args:
        lab: The lab.
        families: From `flowerlab.seeds.families`; each of several runs is one band.
    """
    st.subheader(
        _("Learning curves"),
        help=_(
            "Thick line: validation photos, which the network did not learn from. Thin line: training photos. "
            "The large mark is the epoch whose weights were kept."
        ),
    )
    # A part of its own: another choice draws the figure anew, not the page.
    refreshed(lambda: _draw(lab, families), every_s=None)


def _draw(lab: Lab, families: Sequence[Sequence[Run]]) -> None:
    measure, along = _choices()
    curves, without = [], []
    for family in families:
        drawn = [curve_of(run, lab.history(run.id), measure, along) for run in family]
        known = [curve for curve in drawn if curve is not None]
        without += [run.name for run, curve in zip(family, drawn, strict=True) if curve is None]
        if len(known) > 1:
            name = _("{run} and {others} more seeds").format(run=known[0].name, others=len(known) - 1)
            curves.append(banded(known, name))
        else:
            curves += known
    if without:
        names = ", ".join(escaped(name) for name in without)
        st.caption(_("Not drawn, because it is not known how many batches an epoch had: {names}.").format(names=names))
    if curves:
        st.plotly_chart(
            curves_figure(curves, measure, along), key="compare-curves", config={"displayModeBar": False},
            alt=curves_sentence(curves, measure),
        )  # fmt: skip
    told = _("Thick line: validation. Thin line: training. Large mark: the epoch that was kept.")
    if any(curve.low for curve in curves):
        told += " " + _(
            "Band: several seeds of one recipe, the lines are their means, the band goes from the lowest to the highest validation, as "
            "far as the shortest run."
        )
    st.caption(told)


def _choices() -> tuple[Measure, Along]:
    with st.container(horizontal=True, gap="medium"):
        measures = {"accuracy": _("Accuracy"), "loss": _("Loss")}
        measure = st.segmented_control(
            _("Curves of"), list(measures), format_func=measures.__getitem__, default="accuracy", required=True,
            key="compare-measure", persist_state="session",
            help=_(
                "Accuracy: share named rightly. Loss: how far the probabilities are from the truth; smaller is better."
            ),
        )  # fmt: skip
        ways = {"epoch": _("Epochs"), "seconds": _("Seconds"), "steps": _("Steps")}
        along = st.segmented_control(
            _("Along"), list(ways), format_func=ways.__getitem__, default="epoch", required=True, key="compare-along",
            persist_state="session",
            help=_(
                "Epochs: how often all training photos were seen. Seconds: the time spent in training, validation included. "
                "Steps: how often the weights were changed, once a batch."
            ),
        )  # fmt: skip
    return cast(Measure, measure or "accuracy"), cast(Along, along or "epoch")


def curve_of(run: Run, history: History, measure: Measure, along: Along) -> Curve | None:
    """Returns a run's curve; None if it is not known where its epochs stand on the axis."""
    epochs = [history.epochs[number] for number in sorted(history.epochs)]
    best = run.result.best_epoch if run.result is not None else history.best_epoch
    if along == "seconds":
        at = tuple(itertools.accumulate(epoch.seconds for epoch in epochs))
    elif along == "epoch":
        at = ()
    elif history.start is None:
        return None
    else:
        at = tuple(float((epoch.epoch + 1) * history.start.batches) for epoch in epochs)
    return Curve(
        name=run.name,
        number=run.number,
        epochs=tuple(epoch.epoch + 1 for epoch in epochs),
        training=tuple(epoch.accuracy if measure == "accuracy" else epoch.loss for epoch in epochs),
        validation=tuple(epoch.val_accuracy if measure == "accuracy" else epoch.val_loss for epoch in epochs),
        best_epoch=None if best is None else best + 1,
        at=at,
    )
