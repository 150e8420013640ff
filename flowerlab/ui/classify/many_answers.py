"""The answers to many photos at once: a table, and what can be taken away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import confidence
from flowerlab.photos.photo import Photo
from flowerlab.results.answer_sheet import Row, answers_csv, contact_sheet
from flowerlab.runs.run import Run
from flowerlab.ui.explain.classifying import Memory

TABLE_PX = 330


def rows_of(lab: Lab, photos: Sequence[Photo], runs: Sequence[Run], kept: Memory) -> list[Row]:
    """Returns what the runs said of photos that could be read."""
    rows = []
    for photo in photos:
        answers = (kept.answer(lab, run, photo) for run in runs)
        rows.append(
            Row(photo.name, photo.truth or "", kept.pictures[photo.digest], tuple(one for one in answers if one is not None))
        )
    return rows


def show_many(rows: Sequence[Row], *, expanded: bool) -> None:
    """Shows the answers to one photo or more as a table and offers it as CSV, and all photos as a contact sheet."""
    with st.expander(_("All {count} photos as a table").format(count=len(rows)), icon="🗒️", expanded=expanded):
        st.dataframe(
            table_of(rows),
            hide_index=True,
            height=min(TABLE_PX, 38 * (len(rows) + 1)),
            key="classify-table",
            alt=_("One row a photo: what each run answered and how sure it was."),
        )
        # Made at the click, in a thread in which no language is chosen.
        nothing = _("none of these")
        with st.container(horizontal=True):
            st.download_button(
                _("Download as CSV"),
                lambda: answers_csv(rows),
                file_name="flowerlab-answers.csv",
                mime="text/csv",
                key="classify-csv",
                on_click="ignore",
                help=_("One row a photo and run, with the probability of every class, for a spreadsheet."),
            )
            st.download_button(
                _("Download the contact sheet"),
                lambda: contact_sheet(rows, nothing=nothing),
                file_name="flowerlab-answers.png",
                mime="image/png",
                key="classify-sheet",
                on_click="ignore",
                help=_("One picture with all photos and the answers under them, to be printed or shown."),
            )


def table_of(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Returns the answers in words, one row a photo."""
    table = []
    for row in rows:
        entry = {_("Photo"): row.name}
        if any(other.truth for other in rows):
            entry[_("Truth")] = row.truth
        for one in row.answers:
            words = f"{one.class_name} {confidence(one.confidence)}"
            entry[one.run.name] = _("none of these? (nearest: {words})").format(words=words) if one.unknown else words
            if one.calibrated is not None:
                entry[_("{run}, calibrated").format(run=one.run.name)] = confidence(one.calibrated)
        table.append(entry)
    return table
