"""Classify: what finished runs see in a photo."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from flowerlab.evaluation.metrics import TURNED_AWAY
from flowerlab.inference.classify import finished_runs, warm_predictor
from flowerlab.locale import _
from flowerlab.packs.starter import STARTER_ID as STARTER
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run, named_apart
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from flowerlab.ui.classify.answers_view import Beside, problem_sentence, show_photo
from flowerlab.ui.classify.given_photos import take_photos
from flowerlab.ui.classify.many_answers import rows_of, show_many
from flowerlab.ui.explain.classifying import classify, memory
from flowerlab.ui.explain.similar_photos import known_photos
from flowerlab.ui.widgets.run_picker import nothing_finished, pick_runs

MOST_RUNS = 4
PHOTOS_A_PAGE = 6
LOOKS, SIMILAR = "classify-looks", "classify-similar"


def main() -> None:
    """Lays out the page."""
    st.title(_("Classify"))
    st.markdown(_("Show your trained networks a photo and see what they take it for."))
    finished = finished_runs(lab().store, lab().home)
    if not finished:
        nothing_finished(_("No finished run yet. Train one first; then it can name your photos here."))
        return
    warm_predictor(lab().predictor, lab().home, finished)
    runs = pick_runs(
        finished, key="classify-runs", default=1, most=MOST_RUNS, help=_("Who shall answer: up to four finished runs.")
    )
    runs = named_apart(runs)
    photos = take_photos(runs)
    if not runs:
        st.info(_("Choose a run above."), icon="👆")
    elif photos:
        show_answers(photos, runs)


def show_answers(photos: list[Photo], runs: list[Run]) -> None:
    """Shows what every run says about every photo."""
    kept = memory()
    # Copies: what is decoded of them is let go when the page is drawn.
    photos = [replace(photo, picture=kept.pictures.get(photo.digest)) for photo in photos]
    # The toggles are drawn below; where one is set, the pixels are needed once more.
    keep = PHOTOS_A_PAGE if any(st.session_state.get(key) for key in (LOOKS, SIMILAR)) else 0
    bar = st.empty()

    def progress(done: int, total: int) -> None:
        if done:
            words = _("{done} of {total} photos").format(done=f"{done:,}", total=f"{total:,}")
            bar.progress(done / total, text=words)

    with st.spinner(_("Classifying…")):
        failed = classify(lab(), kept, photos, runs, keep=keep, progress=progress)
    bar.empty()
    for sentence in failed.values():
        st.error(escaped(sentence), icon="🚧")
    good = [photo for photo in photos if photo.digest in kept.pictures]
    for photo in photos:
        if photo.digest in kept.problems:
            st.error(problem_sentence(photo, kept), icon="🚫")
    if not good:
        return
    beside = choose_beside(runs)
    if any(photo.truth is None for photo in good):
        for sentence in what_other_things_come_to(runs):
            st.caption(sentence)
    if len(good) > 1:
        show_many(rows_of(lab(), good, runs, kept), expanded=len(good) > PHOTOS_A_PAGE)
    begin = 0
    if len(good) > PHOTOS_A_PAGE:
        page = st.pagination(-(-len(good) // PHOTOS_A_PAGE), key="classify-page")
        begin = (page - 1) * PHOTOS_A_PAGE
    for shown in good[begin : begin + PHOTOS_A_PAGE]:
        show_photo(shown, runs, kept, beside)


def what_other_things_come_to(runs: list[Run]) -> list[str]:
    """Says of runs whether they notice photos of other things, where they were never asked about any."""
    sentences = []
    blind = [escaped(run.name) for run in runs if run.result is not None and run.result.unknown_below is None]
    if blind:
        text = _("{runs}: not measured on photos of anything else. Whatever a photo shows, it is named as one of the classes.")
        sentences.append(text.format(runs=", ".join(blind)))
    unsure = [
        escaped(run.name) for run in runs if run.id != STARTER and run.result is not None and run.result.unknown_below is not None
    ]
    if unsure:
        text = _(
            "{runs}: an answer that is less sure than {share} of those to its own validation photos is told as “probably not one of "
            "these”. It was never asked about other things: try a shoe, it may well be sure."
        )
        sentences.append(text.format(runs=", ".join(unsure), share=f"{round((1 - TURNED_AWAY) * 100)} %"))
    return sentences


def choose_beside(runs: list[Run]) -> Beside:
    """Lets one choose what is shown beside each answer."""
    with st.container(horizontal=True, gap="medium"):
        looks = st.toggle(
            _("Where it looks"),
            key=LOOKS,
            persist_state="session",
            help=_("Grad-CAM: the places of the photo that speak for the answer. The page Inside shows more."),
        )
        similar = st.toggle(
            _("Most similar training photos"),
            key=SIMILAR,
            persist_state="session",
            help=_(
                "The three photos that the network was trained on and finds most like this one, with their labels. At first all "
                "training photos go through the network once."
            ),
        )
    known = {run.id: known_photos(lab(), run, key=f"classify-{run.id}") for run in runs if similar}
    return Beside(looks=bool(looks), similar={run_id: one for run_id, one in known.items() if one is not None})


main()
