"""What the Compare page says of runs: whether they were tested alike, and what each mixes up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from flowerlab.charts.matrix import matrix_figure, matrix_sentence
from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.ui.run_picker import escaped, run_title

if TYPE_CHECKING:
    import pandas as pd


def notes_on_fairness(runs: Sequence[Run]) -> list[str]:
    """Returns sentences on what makes the test accuracies of these runs not comparable; empty if nothing does."""
    notes = []
    leaky = [escaped(run.name) for run in runs if run.recipe.split == "lecture"]
    if leaky:
        notes.append(
            _(
                "{names}: the test photos were also in the training (the lecture's split). That is a leak: the accuracy is "
                "too high and must not be set against an honest one."
            ).format(names=", ".join(leaky))
        )
    notes += [
        f"{escaped(run.name)}: {_(run.recipe.seen_before)}"
        for run in runs
        if run.result is not None and run.recipe.seen_before
    ]
    tested = {
        (run.recipe.dataset, run.recipe.split, run.result.test_photos)
        for run in runs
        if run.result is not None and run.result.test_accuracy is not None
    }
    if len(tested) > 1:
        notes.append(
            _("These runs were tested on different photos, so a difference between them may come from the photos.")
        )
    return notes


def show_matrix(run: Run, *, shares: bool, top: float, dark: bool) -> None:
    """Draws a run's confusion matrix with its text and table."""
    run_title(run)
    result = run.result
    if result is None or result.confusion_matrix is None:
        st.caption(_("Its test was skipped, so there is no confusion matrix."))
        return
    matrix, classes = result.confusion_matrix, result.classes
    sentence = matrix_sentence(matrix, classes)
    st.plotly_chart(
        matrix_figure(matrix, classes, shares=shares, top=top, dark=dark),
        key=f"matrix-{run.id}",
        config={"displayModeBar": False},
        alt=_("Confusion matrix of {run}. {sentence}").format(run=run.name, sentence=sentence),
    )
    st.caption(sentence)
    with st.expander(_("As a table")):
        st.dataframe(matrix_table(matrix, classes), key=f"matrix-table-{run.id}")


def matrix_table(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> pd.DataFrame:
    """Returns a matrix with named rows and columns."""
    import pandas as pd

    return pd.DataFrame(
        matrix,
        index=[_("truth: {name}").format(name=name) for name in classes],
        columns=[_("said: {name}").format(name=name) for name in classes],
    )
