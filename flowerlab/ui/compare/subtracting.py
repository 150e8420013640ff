"""One run's confusion matrix minus another's, and the photos on which they differ."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.charts.heatmap import HEIGHT_PX, cell_at
from flowerlab.charts.matrix import difference_options, difference_sentence
from flowerlab.evaluation.confusion import Unit, cell_sizes, difference_values
from flowerlab.evaluation.paired_tests import PairedTest
from flowerlab.locale import _
from flowerlab.results.answers import Answers
from flowerlab.results.pairing import pair_tests, why_not_paired
from flowerlab.results.sentences import pair_sentence
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.cell_photos import MINUS, show_differing
from flowerlab.ui.confusion.cell_table import cell_table
from flowerlab.ui.confusion.open_choice import on_click, opened_at


@fragment()
def show_subtraction(sides: Sequence[Answers], unit: Unit, *, dark: bool) -> None:
    """Lets one choose two of the tested runs and draws the difference of their matrices; nothing if there are fewer.

    In a fragment of its own: a click in it does not draw the matrices again.
    """
    if len(sides) < 2:
        return
    st.subheader(
        _("A minus B"),
        help=_(
            "The matrix of A minus that of B, cell by cell. On the diagonal a plus is good for A; elsewhere it is a mistake "
            "that A makes more often."
        ),
    )
    first, second = _pick_two(sides)
    reason = why_not_paired(first, second)
    if first is second:
        st.info(_("A and B are the same run. Choose two runs."), icon="👆")
    elif reason:
        st.info(escaped(reason), icon="🚫")
    else:
        test = pair_tests(sides)[first.run.id, second.run.id]
        _show_difference(first, second, test, unit, dark=dark)


def _pick_two(sides: Sequence[Answers]) -> tuple[Answers, Answers]:
    by_id = {side.run.id: side for side in sides}
    names = {side.run.id: side.run.name for side in sides}
    chosen = []
    for column, letter, default in zip(st.columns(2), "AB", (0, 1), strict=True):
        key = f"compare-minus-{letter}"
        # A run that is no longer compared cannot stay chosen.
        if st.session_state.get(key) not in by_id:
            st.session_state[key] = sides[default].run.id
        chosen.append(column.selectbox(letter, list(by_id), format_func=names.__getitem__, key=key, persist_state="session"))
    return by_id[chosen[0]], by_id[chosen[1]]


def _show_difference(first: Answers, second: Answers, test: PairedTest, unit: Unit, *, dark: bool) -> None:
    matrix = f"minus-{first.run.id}-{second.run.id}"
    opened = opened_at(MINUS, part=matrix)
    of_a, of_b = (cell_sizes(side.truth, side.probabilities) for side in (first, second))
    sentence = difference_sentence(of_a, of_b, first.classes)
    st.markdown(pair_sentence(escaped(first.run.name), escaped(second.run.name), test))
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        st.echarts_chart(
            difference_options(of_a, of_b, first.classes, unit, dark=dark, opened=opened),
            height=HEIGHT_PX,
            key=matrix,
            on_select=on_click(MINUS, matrix, lambda _series, index: cell_at(index, len(first.classes)), part=matrix),
            alt=_("Confusion matrix of A, {first}, minus that of B, {second}. {sentence}").format(
                first=first.run.name, second=second.run.name, sentence=sentence
            ),
        )
    with right:
        st.markdown(
            _("**+ (blue):** A has more {unit}.  \n**− (orange):** B has more.").format(
                unit=_("photos") if unit == "counts" else _("points of percent")
            )
        )
        st.caption(sentence)
        st.caption(_("Click a number to see the photos on which A and B differ there."))
        form = "%+d" if unit == "counts" else "%+.1f"
        cell_table(MINUS, matrix, difference_values(of_a, of_b, unit), first.classes, form)
    if opened is not None:
        show_differing(first, second, opened)
