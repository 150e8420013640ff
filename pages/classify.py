"""Classify: what finished runs see in a photo."""

from __future__ import annotations

import streamlit as st

from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.ui.answers_view import problem_sentence, show_photo
from flowerlab.ui.classifying import Given, classify, drawn_samples, memory, sample_photos
from flowerlab.ui.lab import lab
from flowerlab.ui.run_picker import escaped, nothing_finished, pick_runs

MOST_PHOTOS = 50
LARGEST_PHOTO_MB = 20
MOST_RUNS = 4
PHOTOS_A_PAGE = 6
UPLOADS = "classify-uploads"
TYPES = ["jpg", "jpeg", "png", "webp", "heic", "heif"]


def main() -> None:
    """Lays out the page."""
    st.title(_("Classify"))
    st.markdown(_("Show your trained networks a photo and see what they take it for."))
    finished = lab().finished()
    if not finished:
        nothing_finished(_("No finished run yet. Train one first; then it can name your photos here."))
        return
    lab().warm_predictor(finished)
    runs = pick_runs(
        finished, key="classify-runs", default=1, most=MOST_RUNS, help=_("Who shall answer: up to four finished runs.")
    )
    photos = take_photos(runs)
    if not runs:
        st.info(_("Choose a run above."), icon="👆")
    elif photos:
        show_answers(photos, runs)


def take_photos(runs: list[Run]) -> list[Given]:
    """Uploads, samples and the camera, together."""
    uploaded = st.file_uploader(
        _("Photos"),
        type=TYPES,
        accept_multiple_files=True,
        key="photo",
        max_upload_size=LARGEST_PHOTO_MB,
        on_change=keep_uploads,
        help=_("JPEG, PNG, WebP or HEIC, at most {most} at once. They stay on the machine that runs this lab.").format(
            most=MOST_PHOTOS
        ),
    )
    photos: list[Given] = list(st.session_state.get(UPLOADS, []))
    with st.container(horizontal=True, vertical_alignment="center"):
        turn = st.session_state.setdefault("classify-turn", 0)
        st.button(
            _("Other samples") if turn else _("Take sample photos"),
            key="sample",
            type="secondary" if photos or turn else "primary",
            help=_(
                "Test photos of the data set that the last chosen run was trained on; flowers drawn by Flowerlab where those "
                "photos are not in the lab."
            ),
            on_click=_turn_to,
            args=(turn + 1,),
            disabled=not runs,
        )
        if turn:
            st.button(_("No samples"), key="no-sample", on_click=_turn_to, args=(0,))
        if photos and not uploaded:
            st.button(_("Put my photos away"), key="no-uploads", on_click=lambda: st.session_state.pop(UPLOADS))
        camera = st.toggle(
            _("Use the camera"),
            key="camera-on",
            help=_("Browsers give the camera only to pages from this very computer (localhost) or over HTTPS."),
        )
    if camera and (shot := st.camera_input(_("Camera"), key="camera")) is not None:
        photos.append(Given(_("From the camera"), shot.getvalue()))
    if turn and runs:
        photos += take_samples(runs[-1], turn)
    # The same photo given twice would be answered twice with the same words.
    photos = list({photo.digest: photo for photo in reversed(photos)}.values())[::-1]
    if len(photos) > MOST_PHOTOS:
        st.warning(
            _("At most {most} photos at once: these are the first {most} of {given}.").format(
                most=MOST_PHOTOS, given=len(photos)
            )
        )
    return photos[:MOST_PHOTOS]


def take_samples(run: Run, turn: int) -> list[Given]:
    """Test photos of a run; where they are not in the lab, flowers that the garden draws."""
    samples = sample_photos(lab(), run, turn=turn)
    if samples:
        return samples
    samples = drawn_samples(run, turn=turn)
    if samples:
        text = _(
            "The photos of {name} are not in the lab, so these flowers are drawn: it has never seen a drawing. "
            "Photos of real flowers suit it better."
        )
        st.info(text.format(name=escaped(run.name)), icon="🖌️")
    else:
        st.info(_("The photos of this run's data set are not in the lab. Bring them in on the Data page."))
    return samples


def keep_uploads() -> None:
    """Keeps the uploaded photos: the uploader itself forgets them when another page is visited."""
    st.session_state[UPLOADS] = [Given(file.name, file.getvalue()) for file in st.session_state["photo"] or []]


def _turn_to(turn: int) -> None:
    st.session_state["classify-turn"] = turn


def show_answers(photos: list[Given], runs: list[Run]) -> None:
    """What every run says about every photo."""
    kept = memory()
    with st.spinner(_("Classifying…")):
        failed = classify(lab(), kept, photos, runs)
    for sentence in failed.values():
        st.error(escaped(sentence), icon="🚧")
    good = [photo for photo in photos if photo.digest in kept.pictures]
    for photo in photos:
        if photo.digest in kept.problems:
            st.error(problem_sentence(photo, kept), icon="🚫")
    begin = 0
    if len(good) > PHOTOS_A_PAGE:
        page = st.pagination(-(-len(good) // PHOTOS_A_PAGE), key="classify-page")
        begin = (page - 1) * PHOTOS_A_PAGE
    for photo in good[begin : begin + PHOTOS_A_PAGE]:
        show_photo(photo, runs, kept)


main()
