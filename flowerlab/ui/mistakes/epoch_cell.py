"""The validation photos behind a cell of a run's matrix after an epoch."""

from __future__ import annotations

import streamlit as st

from flowerlab.evaluation.confusion import Cell, photos_in_cell
from flowerlab.evaluation.validation_history import EpochAnswers
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.cell_photos import ANCHOR
from flowerlab.ui.confusion.open_choice import close_at
from flowerlab.ui.widgets.photo_tiles import Said, Tile, photo_tiles

# Where the photos of a matrix after an epoch open.
OVER_EPOCHS = "mistakes-epochs"


def show_epoch_cell(lab: Lab, run: Run, answers: EpochAnswers, shown: int, cell: Cell) -> None:
    """Shows the photos of a cell after an epoch, 0-based."""
    probabilities = answers.probabilities[shown]
    places = photos_in_cell(answers.truth, probabilities, cell).tolist()
    answer = answers.classes[cell.answer]
    tiles = []
    for place in places:
        said = Said(run.name, answer, float(probabilities[place, cell.answer]), cell.answer == cell.truth)
        tiles.append(Tile(answers.ids[place], answers.classes[cell.truth], (said,)))
    with st.container(border=True, key="epoch-cell"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(epoch_cell_headline(run, answers, shown, cell, len(places)), anchor=ANCHOR, width="stretch")
            st.button(_("Close"), key="epoch-cell-close", on_click=close_at, args=(OVER_EPOCHS,))
        if tiles:
            key = f"epoch-photos-{run.id}-{shown}-{cell.truth}-{cell.answer}"
            photo_tiles(tiles, run_photos(lab.home, lab.store, lab.data, run), key=key)


def epoch_cell_headline(run: Run, answers: EpochAnswers, shown: int, cell: Cell, count: int) -> str:
    """Says what a cell is: `Validation photos: 3 of roses that “Run” called tulips after epoch 2, surest first`. Markdown."""
    words = _("Validation photos: {count} of {truth} that “{name}” called {answer} after epoch {epoch}, surest first")
    if not count:
        words = _("Validation photos: after epoch {epoch} “{name}” called no {truth} {answer}")
    elif cell.truth == cell.answer:
        words = _("Validation photos: {count} of {truth} that “{name}” rightly called so after epoch {epoch}, surest first")
    return words.format(
        count=f"{count:,}",
        truth=escaped(answers.classes[cell.truth]),
        answer=escaped(answers.classes[cell.answer]),
        name=escaped(run.name),
        epoch=shown + 1,
    )
