"""What each run mixes up: confusion matrices on one scale, one minus another, and the photos that every number counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from flowerlab.charts.heatmap import HEIGHT_PX, Scale, cell_at
from flowerlab.charts.matrix import amount_scale, matrix_options, matrix_sentence
from flowerlab.evaluation.confusion import Cell, Unit, cell_values
from flowerlab.locale import _
from flowerlab.runs.run import Run
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.compare.subtracting import show_subtraction
from flowerlab.ui.confusion.cell_photos import FRAME, link_to_photos, show_cell
from flowerlab.ui.confusion.cell_table import cell_table
from flowerlab.ui.confusion.open_choice import close_at, on_click, opened_at
from flowerlab.ui.confusion.sides import Side, answers_among, side_of
from flowerlab.ui.widgets.choice import choose_word
from flowerlab.ui.widgets.run_picker import mistakes_link, run_title

# Where the photos of one of several matrices open.
MATRICES = "compare-matrices"
MATRICES_A_ROW = 3


@fragment()
def show_matrices(runs: Sequence[Run]) -> None:
    """Draws the matrices of the chosen runs and the difference of two, in a fragment of their own: a choice draws nothing else again."""
    st.subheader(
        _("Confusion matrices (test photos)"),
        help=_("Each row is a true class, each column an answer. On the diagonal the answer is right; all else is mixed up."),
    )
    unit = pick_unit()
    st.caption(_("**Click a number to see its photos.** All matrices share one scale: the stronger the colour, the more photos."))
    sides, dark = [side_of(run) for run in runs], st.context.theme.type == "dark"
    _show_all(sides, unit, dark=dark)
    if len(runs) > 1:
        mistakes_link(*runs)
    answers = answers_among(sides)
    if len(answers) < 2 <= len(runs):
        st.caption(_("A minus B is drawn of two runs that were tested and whose answers are kept; here it is one at most."))
    show_subtraction(answers, unit, dark=dark)


@fragment()
def _show_all(sides: Sequence[Side], unit: Unit, *, dark: bool) -> None:
    """Draws each run's matrix and what is open in one: a click in them does not subtract again."""
    scale = amount_scale([side.counts for side in sides if side.counts is not None], unit, dark=dark)
    for begin in range(0, len(sides), MATRICES_A_ROW):
        row = sides[begin : begin + MATRICES_A_ROW]
        for column, side in zip(st.columns(max(2, min(len(sides), MATRICES_A_ROW))), row, strict=False):
            with column:
                _show_matrix(side, unit, scale=scale, dark=dark)
        for side in row:
            cell = opened_at(MATRICES, part=side.matrix)
            if cell is not None:
                _show_photos(side, sides, cell)


def pick_unit() -> Unit:
    """Lets one choose what the cells show."""
    words: dict[Unit, str] = {"rows": _("% of the true class"), "columns": _("% of the answer"), "counts": _("Photos")}
    return choose_word(
        _("Numbers"),
        words,
        key="compare-unit",
        help=_(
            "**% of the true class:** of the photos that are roses, how many were called tulips. **% of the answer:** of the "
            "photos that were called tulips, how many are roses. **Photos:** what was counted."
        ),
    )


def _show_matrix(side: Side, unit: Unit, *, scale: Scale, dark: bool) -> None:
    run_title(side.run)
    if side.counts is None or side.run.result is None:
        st.caption(_("Its test was skipped, so there is no confusion matrix."))
        return
    classes = side.run.result.classes
    sentence = matrix_sentence(side.counts, classes)
    opened = opened_at(MATRICES, part=side.matrix)
    st.echarts_chart(
        matrix_options(side.counts, classes, unit, scale=scale, dark=dark, opened=opened, opens=side.answers is not None),
        height=HEIGHT_PX,
        key=side.matrix,
        on_select=on_click(MATRICES, side.matrix, lambda _series, index: cell_at(index, len(classes)), part=side.matrix),
        alt=_("Confusion matrix of {run}. {sentence}").format(run=side.run.name, sentence=sentence),
    )
    if opened is not None:
        link_to_photos()
    st.caption(sentence)
    mistakes_link(side.run)
    values = cell_values(side.counts, unit)
    cell_table(MATRICES, side.matrix, values, classes, "%d" if unit == "counts" else "%.1f %%")


def _show_photos(side: Side, sides: Sequence[Side], cell: Cell) -> None:
    if side.answers is None:
        st.info(_("This run's answers to the single photos are not kept, so that a cell cannot be opened."), icon="🗂️")
        return
    others = answers_among([other for other in sides if other is not side])
    show_cell(side.answers, others, cell, frame=FRAME, close=partial(close_at, MATRICES))
