"""Photos that are brought to be named: uploads, zips, samples and the camera."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from flowerlab.errors import BadInput
from flowerlab.locale import _
from flowerlab.photos.from_zip import MOST_UNPACKED_BYTES, unzip_photos
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from flowerlab.ui.explain.classifying import drawn_samples, sample_photos

MOST_PHOTOS = 200
LARGEST_UPLOAD_MB = 200
UPLOADS, PROBLEMS, TURN = "classify-uploads", "classify-zip-problems", "classify-turn"
TYPES = ["jpg", "jpeg", "png", "webp", "heic", "heif", "zip"]
PROBLEMS_SHOWN = 5
# Browsers trust these without a certificate.
LOCAL = ("localhost", "127.0.0.1", "::1")


def take_photos(runs: list[Run]) -> list[Photo]:
    """Uploads, samples (test photos of the last run) and the camera, together."""
    uploaded = st.file_uploader(
        _("Photos"),
        type=TYPES,
        accept_multiple_files=True,
        key="photo",
        max_upload_size=LARGEST_UPLOAD_MB,
        on_change=keep_uploads,
        help=_(
            "JPEG, PNG, WebP or HEIC, or a zip of them, at most {most} at once. They stay on the machine that runs this lab."
        ).format(most=MOST_PHOTOS),
    )
    photos: list[Photo] = list(st.session_state.get(UPLOADS, []))
    for sentence in st.session_state.get(PROBLEMS, [])[:PROBLEMS_SHOWN]:
        st.error(escaped(sentence), icon="🚫")
    with st.container(horizontal=True, vertical_alignment="center"):
        turn = st.session_state.setdefault(TURN, 0)
        st.button(
            _("Other samples") if turn else _("Take sample photos"),
            key="sample",
            type="secondary" if photos or turn else "primary",
            help=_(
                "Test photos of the data set that the last chosen run was trained on; flowers drawn by Flowerlab where those "
                "photos are not in the lab."
            ),
            on_click=st.session_state.update,
            args=({TURN: turn + 1},),
            disabled=not runs,
        )
        if turn:
            st.button(_("No samples"), key="no-sample", on_click=st.session_state.update, args=({TURN: 0},))
        if photos and not uploaded:
            st.button(_("Put my photos away"), key="no-uploads", on_click=_put_away)
        camera = st.toggle(
            _("Use the camera"),
            key="camera-on",
            help=_("Browsers give the camera only to pages from this very computer (localhost) or over HTTPS."),
        )
    if camera:
        photos += _from_camera()
    if turn and runs:
        photos += take_samples(runs[-1], turn)
    # The same photo given twice would be answered twice with the same words.
    photos = list({photo.digest: photo for photo in reversed(photos)}.values())[::-1]
    if len(photos) > MOST_PHOTOS:
        st.warning(
            _("At most {most} photos at once: these are the first {most} of {given}.").format(most=MOST_PHOTOS, given=len(photos))
        )
    return photos[:MOST_PHOTOS]


def _from_camera() -> list[Photo]:
    if not camera_allowed(st.context.url or ""):
        st.info(
            _(
                "The browser keeps the camera from this page, as it came over plain HTTP from another computer. Open it at https://…, or "
                "on the computer that runs the lab as http://localhost, or take the photo with the camera's own app and upload it."
            ),
            icon="📷",
        )
    shot = st.camera_input(_("Camera"), key="camera")
    return [] if shot is None else [Photo(_("From the camera"), shot.getvalue())]


def camera_allowed(url: str) -> bool:
    """Whether browsers give the camera to a page of this address; an address that is not known counts as one that may."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return not host or parts.scheme == "https" or host in LOCAL or host.endswith(".localhost")


def take_samples(run: Run, turn: int) -> list[Photo]:
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
    """Keeps the uploaded photos, also those in zips: the uploader itself forgets them when another page is visited.

    However many files come at once: at most `MOST_PHOTOS` photos, and what zips unpack to has one bound for all of them.
    """
    kept: list[Photo] = []
    problems: list[str] = []
    unpacked, left_out = 0, 0
    for file in st.session_state["photo"] or []:
        room = MOST_PHOTOS - len(kept)
        is_zip = file.name.lower().endswith(".zip")
        if room <= 0 or (is_zip and unpacked >= MOST_UNPACKED_BYTES):
            left_out += 1
            continue
        if not is_zip:
            kept.append(Photo(file.name, file.getvalue()))
            continue
        try:
            found = unzip_photos(file.getvalue(), file.name, most=room, most_bytes=MOST_UNPACKED_BYTES - unpacked)
        except BadInput as error:
            problems.append(str(error))
            continue
        unpacked += found.read_bytes
        kept += [Photo(name, photo) for name, photo in found.photos]
        problems += found.left_out
    if left_out:
        text = _(
            "{count} files were left out. Expected at most {most} photos at once, and {size} MB of what comes out of zips. "
            "Received: more. Bring them after these."
        )
        problems.insert(0, text.format(count=left_out, most=MOST_PHOTOS, size=MOST_UNPACKED_BYTES // 10**6))
    st.session_state[UPLOADS], st.session_state[PROBLEMS] = kept, problems


def _put_away() -> None:
    st.session_state.pop(UPLOADS)
    st.session_state.pop(PROBLEMS, None)
