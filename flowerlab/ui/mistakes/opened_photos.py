"""The photos that a stretch of a reliability diagram opens, and those that a cell of a run's matrix after an epoch does."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.charts.reliability import stretch
from flowerlab.evaluation.calibration import photos_in_bin, reliability
from flowerlab.evaluation.confusion import Cell, photos_in_cell
from flowerlab.evaluation.validation_history import EpochAnswers
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.answers import Answers
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.cell_photos import ANCHOR, tiles_of
from flowerlab.ui.confusion.open_choice import close_at
from flowerlab.ui.widgets.photo_tiles import Said, Tile, photo_tiles

# Where the photos of a stretch open, and where those of a matrix after an epoch do.
BINS, OVER_EPOCHS = "mistakes-bins", "mistakes-epochs"


def show_bin_photos(lab: Lab, answers: Answers, place: int) -> None:
    """Shows the photos of a stretch, given by its 0-based place."""
    places = photos_in_bin(answers.probabilities, answers.truth, place).tolist()
    with st.container(border=True, key="bin-photos"):
        _headline(bin_headline(answers, place), BINS, key="bin-close")
        _photos(lab, answers.run, tiles_of(answers, [], places), key=f"bin-{answers.run.id}-{place}")


def show_epoch_cell(lab: Lab, run: Run, answers: EpochAnswers, shown: int, cell: Cell) -> None:
    """Shows the photos of a cell after an epoch, 0-based."""
    probabilities = answers.probabilities[shown]
    tiles = []
    for place in photos_in_cell(answers.truth, probabilities, cell).tolist():
        said = Said(run.name, answers.classes[cell.answer], float(probabilities[place, cell.answer]), cell.answer == cell.truth)
        tiles.append(Tile(answers.ids[place], answers.classes[cell.truth], (said,)))
    with st.container(border=True, key="epoch-cell"):
        _headline(epoch_cell_headline(run, answers, shown, cell, len(tiles)), OVER_EPOCHS, key="epoch-cell-close")
        _photos(lab, run, tiles, key=f"epoch-photos-{run.id}-{shown}-{cell.truth}-{cell.answer}")


def _headline(words: str, place: str, *, key: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(words, anchor=ANCHOR, width="stretch")
        st.button(_("Close"), key=key, on_click=close_at, args=(place,))


def _photos(lab: Lab, run: Run, tiles: Sequence[Tile], *, key: str) -> None:
    if tiles:
        photo_tiles(tiles, run_photos(lab.home, lab.store, lab.data, run), key=key)


def bin_headline(answers: Answers, place: int) -> str:
    """Says what a stretch is: `Test photos of which “Run” was 80–87 % sure: 30, of which 4 named wrongly come first`. Markdown."""
    one = reliability(answers.probabilities, answers.truth)[place]
    words = {"name": escaped(answers.run.name), "stretch": stretch(one)}
    if not one.photos:
        return _("There is no test photo of which “{name}” was {stretch} sure").format(**words)
    right = round(one.accuracy * one.photos)
    text = _("Test photos of which “{name}” was {stretch} sure: {right} named rightly, {wrong} wrongly; these come first")
    if right == one.photos:
        text = _("Test photos of which “{name}” was {stretch} sure: {right}, all named rightly")
    return text.format(**words, right=f"{right:,}", wrong=f"{one.photos - right:,}")


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
