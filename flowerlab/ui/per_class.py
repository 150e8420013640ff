"""Each class of flower: how well every run tells it, and what is mixed up most."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.cells import Cell
from flowerlab.locale import _
from flowerlab.metrics import ClassFigures, average_figures, class_figures, top_confusions
from flowerlab.run import Run, told_apart
from flowerlab.ui.cell_photos import of_class, show_cell
from flowerlab.ui.photo_buttons import close_at, opened_at, photo_button
from flowerlab.ui.refreshing import fragment
from flowerlab.ui.run_picker import colour_mark, escaped
from flowerlab.ui.sides import Side, answers_among, side_of

PLACE = "compare-mistakes"
MOST_CONFUSIONS = 3
FIGURES = ("recall", "precision", "f1")


def figure_words() -> dict[str, tuple[str, str]]:
    """Returns the name and the explanation of each figure."""
    return {
        "recall": (_("Recall"), _("Of the photos that are of this class: the share that was called so.")),
        "precision": (_("Precision"), _("Of the photos that were called so: the share that are.")),
        "f1": (_("F1"), _("The harmonic mean of precision and recall: high only if both are.")),
    }


@fragment()
def show_classes(runs: Sequence[Run]) -> None:
    """Draws a table of one figure a class and run, and the most frequent mistakes of each run as sentences that open their photos.

    Args:
        runs: Those that were not tested are left out.
    """
    sides = [side for run in runs if (side := side_of(run)).counts is not None]
    if not sides:
        return
    words = figure_words()
    st.subheader(
        _("Each class"), help=_("The accuracy is one number for all; here is how well each kind of flower is told.")
    )
    shown = st.segmented_control(
        _("Figure"), FIGURES, format_func=lambda name: words[name][0], default="recall", required=True,
        key="compare-figure", help=" ".join(f"**{name}:** {told}" for name, told in words.values()), persist_state="session",
    )  # fmt: skip
    st.dataframe(
        class_rows(sides, shown or "recall"), hide_index=True, width="stretch", key="compare-classes",
        alt=_("A table with one row a class and one column a run: {figure} in percent.").format(figure=words[shown or "recall"][0]),
    )  # fmt: skip
    st.caption(words[shown or "recall"][1])
    names = told_apart([side.run for side in sides])
    for side in sides:
        _show_mistakes(side, names[side.run.id], [other for other in sides if other is not side])


def _show_mistakes(side: Side, name: str, others: Sequence[Side]) -> None:
    """Says what a run mixes up most; each sentence opens its photos, if its answers are kept."""
    told = confusions_of(side)
    if not told:
        return
    if side.answers is None:
        st.markdown(f"**{escaped(name)}:** {' '.join(told.values())}")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        colour_mark(side.run)
        st.markdown(f"**{escaped(name)}**", width="content")
        for cell, sentence in told.items():
            photo_button(sentence, (side.run.id, *cell), place=PLACE)
    opened = opened_at(PLACE)
    if opened is not None and opened[0] == side.run.id:
        show_cell(
            side.answers, answers_among(others), Cell(*opened[1:]), frame=f"{PLACE}-cell", close=lambda: close_at(PLACE)
        )


def class_rows(sides: Sequence[Side], figure: str) -> list[dict[str, str]]:
    """Returns one row a class, and two of means, with one column a run.

    Args:
        sides: Each with a confusion matrix.
        figure: `recall`, `precision` or `f1`.
    """
    names = list(dict.fromkeys(name for side in sides for name in side.classes))
    found: dict[str, dict[str, ClassFigures]] = {}
    for side in sides:
        assert side.counts is not None
        of_classes = class_figures(side.counts)
        found[side.run.id] = {
            **dict(zip(side.classes, of_classes, strict=True)),
            _("mean, each class the same"): average_figures(of_classes, weighted=False),
            _("mean, each photo the same"): average_figures(of_classes, weighted=True),
        }
    rows = [*names, _("mean, each class the same"), _("mean, each photo the same")]
    heads = told_apart([side.run for side in sides])
    return [
        {
            _("Class"): name,
            **{
                heads[run_id]: f"{getattr(of_run[name], figure) * 100:.1f} %" if name in of_run else "–"
                for run_id, of_run in found.items()
            },
        }
        for name in rows
    ]


def confusion_sentences(run: Run) -> list[str]:
    """Returns a run's most frequent mistakes, each as a sentence: `31 roses were called tulips.`"""
    return list(confusions_of(side_of(run)).values())


def confusions_of(side: Side) -> dict[Cell, str]:
    """Returns a run's most frequent mistakes: cell → sentence, in Markdown."""
    if side.counts is None:
        return {}
    told = {}
    for true, answer, count in top_confusions(side.counts, most=MOST_CONFUSIONS):
        words = _("{photos} was called {answer}.") if count == 1 else _("{photos} were called {answer}.")
        photos = of_class(count, escaped(side.classes[true]))
        told[Cell(true, answer)] = words.format(photos=photos, answer=escaped(side.classes[answer]))
    return told
