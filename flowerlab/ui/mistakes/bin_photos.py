"""The test photos behind a stretch of a reliability diagram."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.reliability import stretch
from flowerlab.evaluation.calibration import photos_in_bin, reliability
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.answers import Answers
from flowerlab.results.photos_of_run import run_photos
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.cell_photos import ANCHOR, tiles_of
from flowerlab.ui.confusion.open_choice import close_at
from flowerlab.ui.widgets.photo_tiles import photo_tiles

# Where the photos of a stretch open.
BINS = "mistakes-bins"


def show_bin_photos(lab: Lab, answers: Answers, place: int) -> None:
    """Shows the photos of a stretch, given by its 0-based place."""
    places = photos_in_bin(answers.probabilities, answers.truth, place)
    with st.container(border=True, key="bin-photos"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.subheader(bin_headline(answers, place), anchor=ANCHOR, width="stretch")
            st.button(_("Close"), key="bin-close", on_click=close_at, args=(BINS,))
        if len(places):
            photo_tiles(
                tiles_of(answers, [], places.tolist()),
                run_photos(lab.home, lab.store, lab.data, answers.run),
                key=f"bin-{answers.run.id}-{place}",
            )


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
