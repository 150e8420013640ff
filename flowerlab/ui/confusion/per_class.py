"""Each class of flower: how well every run tells it, and what is mixed up most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from flowerlab.evaluation.confusion import Cell, Figure
from flowerlab.evaluation.metrics import ClassFigures, average_figures, class_figures, top_confusions
from flowerlab.locale import _
from flowerlab.runs.run import Run
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion import class_photos
from flowerlab.ui.confusion.cell_photos import of_class, show_cell
from flowerlab.ui.confusion.class_photos import on_figure, show_behind
from flowerlab.ui.confusion.open_choice import close_at, opened_at, photo_button, table_key
from flowerlab.ui.confusion.sides import Side, answers_among, side_of
from flowerlab.ui.widgets.choice import choose_word
from flowerlab.ui.widgets.run_picker import colour_mark

PLACE = "compare-mistakes"
MOST_CONFUSIONS = 3


@fragment()
def show_classes(runs: Sequence[Run]) -> None:
    """Draws a table of one figure a class and tested run, and each run's most frequent mistakes as sentences that open their photos."""
    sides = [side for run in runs if (side := side_of(run)).counts is not None]
    if not sides:
        return
    words: dict[Figure, tuple[str, str]] = {
        "recall": (_("Recall"), _("Of the photos that are of this class: the share that was called so.")),
        "precision": (_("Precision"), _("Of the photos that were called so: the share that are.")),
        "f1": (_("F1"), _("The harmonic mean of precision and recall: high only if both are.")),
    }
    st.subheader(_("Each class"), help=_("The accuracy is one number for all; here is how well each kind of flower is told."))
    figures = {figure: name for figure, (name, _what) in words.items()}
    shown = choose_word(
        _("Figure"), figures, key="compare-figure", help=" ".join(f"**{name}:** {what}" for name, what in words.values())
    )
    rows = class_rows(sides, shown)
    key = table_key(class_photos.PLACE, f"{class_photos.PLACE}-{shown}")
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        key=key,
        placeholder="–",
        column_config=_columns(sides),
        selection_mode="single-cell",
        on_select=on_figure(shown, key, sides, class_names(sides)),
        alt=_("A table with one row a class and one column a run: {figure} in percent.").format(figure=words[shown][0]),
    )
    sentences = words[shown][1]
    if any(value is None for row in rows[:-2] for value in row.values()):
        sentences += " " + _(
            "–: there is nothing to divide by, since no photo is of this class or none was called so; the means count it as 0, as "
            "scikit-learn does (zero_division=0)."
        )
    st.caption(sentences)
    st.caption(_("Click a number, or go there with Tab and the arrow keys: the photos that it counts open."))
    show_behind(sides)
    for side in sides:
        _show_mistakes(side, [other for other in sides if other is not side])


def _show_mistakes(side: Side, others: Sequence[Side]) -> None:
    """Says what a run mixes up most; each sentence opens its photos, if its answers are kept."""
    sentences, name = confusions_of(side), side.run.name
    if not sentences:
        return
    if side.answers is None:
        st.markdown(f"**{escaped(name)}:** {' '.join(sentences.values())}")
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        colour_mark(side.run)
        st.markdown(f"**{escaped(name)}**", width="content")
        for cell, sentence in sentences.items():
            photo_button(sentence, (side.run.id, *cell), place=PLACE)
    opened = opened_at(PLACE)
    if opened is not None and opened[0] == side.run.id:
        show_cell(side.answers, answers_among(others), Cell(*opened[1:]), frame=f"{PLACE}-cell", close=lambda: close_at(PLACE))


def _columns(sides: Sequence[Side]) -> dict[str, Any]:
    """Headings and forms of the columns of `class_rows`; numbers stay numbers, so that a column sorts by them."""
    number = st.column_config.NumberColumn
    photos = _("How many test photos are of this class.")
    return {
        "class": st.column_config.TextColumn(_("Class"), pinned=True),
        **{side.run.id: number(side.run.name, format="%.1f %%") for side in sides},
        "photos": number(_("Photos"), help=photos),
        **{f"photos-{side.run.id}": number(_("Photos, {run}").format(run=side.run.name), help=photos) for side in sides},
    }


def class_names(sides: Sequence[Side]) -> list[str]:
    """Returns the classes of all runs, each once: the first rows of `class_rows`."""
    return list(dict.fromkeys(name for side in sides for name in side.classes))


def class_rows(sides: Sequence[Side], figure: Figure) -> list[dict[str, str | int | float | None]]:
    """Returns one row a class, and two of means, with one column a run in percent, and how many test photos are of the class.

    The figure is None where it has nothing to divide by, or the run does not know the class. Runs that were tested on other photos
    have a column of photos each.
    """
    names = class_names(sides)
    means = [_("mean, each class the same"), _("mean, each photo the same")]
    figures: dict[str, dict[str, ClassFigures]] = {}
    for side in sides:
        assert side.counts is not None
        of_classes = class_figures(side.counts)
        averages = (average_figures(of_classes, weighted=weighted) for weighted in (False, True))
        figures[side.run.id] = {**dict(zip(side.classes, of_classes, strict=True)), **dict(zip(means, averages, strict=True))}
    counts = {run_id: {name: one.photos for name, one in found.items()} for run_id, found in figures.items()}
    photos = {f"photos-{run_id}": found for run_id, found in counts.items()}
    first, *others = counts.values()
    if all(found == first for found in others):
        photos = {"photos": first}
    return [
        {
            "class": name,
            **{run_id: _percent(found.get(name), figure) for run_id, found in figures.items()},
            **{column: found.get(name) for column, found in photos.items()},
        }
        for name in (*names, *means)
    ]


def _percent(one: ClassFigures | None, figure: Figure) -> float | None:
    share = None if one is None else one.known(figure)
    return None if share is None else 100 * share


def confusions_of(side: Side) -> dict[Cell, str]:
    """Returns a run's most frequent mistakes, each cell with a sentence in Markdown: `31 roses were called tulips.`"""
    if side.counts is None:
        return {}
    sentences = {}
    for true, answer, count in top_confusions(side.counts, most=MOST_CONFUSIONS):
        words = _("{photos} was called {answer}.") if count == 1 else _("{photos} were called {answer}.")
        photos = of_class(count, escaped(side.classes[true]))
        sentences[Cell(true, answer)] = words.format(photos=photos, answer=escaped(side.classes[answer]))
    return sentences
