"""Choosing the one photo that is looked at from inside: a test photo or an own one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from flowerlab.errors import BadPhoto
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.photos.photo import Photo
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import escaped
from flowerlab.ui.explain.classifying import drawn_samples, photo_of, sample_photos
from flowerlab.ui.widgets.photo_grid import encoded, show_picture

# Chosen: the id of a photo of the run's data set, or the digest of an own one.
CHOSEN, OWN, TURN = "inside-chosen", "inside-own", "inside-turn"
UPLOAD = "inside-upload"
# Chosen: the first of the other test photos, whichever that is. No photo is named so.
OTHERS = "/others"
QUERY = "photo"
TYPES = ["jpg", "jpeg", "png", "webp", "heic", "heif"]
LARGEST_PHOTO_MB = 20
SAMPLES = 5
TILE_PX = 118


def pick_photo(lab: Lab, runs: Sequence[Run]) -> Photo | None:
    """Lets one choose a photo; None if there is none, or it cannot be read.

    Test photos of the first run are offered; a photo that was chosen elsewhere may be of any.
    """
    _take_over_url()
    offered = _offered(lab, runs)
    if not offered:
        st.info(_("The photos of this run's data set are not in the lab. Bring your own photo."), icon="🗂️")
    chosen = _chosen(offered)
    with st.container(horizontal=True, gap="small", key="inside-photos"):
        for photo in offered:
            _tile(photo, chosen=chosen is not None and photo.digest == chosen.digest)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(_("Other test photos"), key="inside-others", on_click=_turn, disabled=not offered)
        with st.popover(_("My own photo"), icon="🖼️", key="inside-own-popover"):
            st.file_uploader(
                _("A photo"),
                type=TYPES,
                key=UPLOAD,
                max_upload_size=LARGEST_PHOTO_MB,
                on_change=_keep_upload,
                help=_("JPEG, PNG, WebP or HEIC. It stays on the machine that runs this lab."),
            )
    return chosen if chosen is not None and _readable(chosen) else None


def _readable(photo: Photo) -> bool:
    try:
        return photo.pixels.size > 0
    except BadPhoto as error:
        st.error(escaped(str(error)), icon="🚫")
        return False


def _take_over_url() -> None:
    """A link beats what was chosen before."""
    asked = st.query_params.get(QUERY, "")
    if asked and asked != st.session_state.get(f"{CHOSEN}-url"):
        st.session_state[CHOSEN] = asked
    st.session_state[f"{CHOSEN}-url"] = asked


def _offered(lab: Lab, runs: Sequence[Run]) -> list[Photo]:
    """Own photo first, then the photo that was asked for, then samples."""
    turn = int(st.session_state.get(TURN, 1))
    samples = sample_photos(lab, runs[0], turn=turn, count=SAMPLES) or drawn_samples(runs[0], turn=turn)
    named = st.session_state.get(CHOSEN)
    own: Photo | None = st.session_state.get(OWN)
    # A copy: what is decoded of it does not stay with the session.
    first = [] if own is None else [replace(own)]
    for originals in (run_photos(lab.home, lab.store, lab.data, run) for run in runs):
        if named is not None and originals is not None and named in originals.positions:
            first.append(photo_of(originals, originals.positions[named]))
            break
    return list({photo.digest: photo for photo in reversed([*first, *samples])}.values())[::-1]


def _chosen(offered: Sequence[Photo]) -> Photo | None:
    named: str = st.session_state.get(CHOSEN, "")
    by_name = {_name(photo): photo for photo in reversed(offered)}
    if named == OTHERS:
        return next((photo for photo in offered if photo.truth is not None), None)
    return by_name.get(named, offered[0]) if offered else None


def _name(photo: Photo) -> str:
    """A test photo by its id, an own one by its bytes: its name may be that of a test photo."""
    return photo.name if photo.truth is not None else photo.digest


def _tile(photo: Photo, *, chosen: bool) -> None:
    with st.container(width=TILE_PX, gap=None):
        words = photo.truth or photo.name
        show_picture(_small(photo.digest, photo.data), width=TILE_PX, alt=_("A photo of {name}").format(name=words))
        st.button(
            ("👁 " if chosen else "") + escaped(words[:14]),
            key=f"inside-take-{photo.digest[:16]}",
            width="stretch",
            type="secondary" if chosen else "tertiary",
            on_click=st.session_state.update,
            args=({CHOSEN: _name(photo)},),
            help=_("Looked at now.") if chosen else _("Look at this photo."),
        )


@st.cache_data(max_entries=300, show_spinner=False)
def _small(digest: str, _data: bytes) -> bytes | None:
    try:
        return encoded(resize_photo(read_photo(_data), 2 * TILE_PX, "crop"))
    except BadPhoto:
        return None


def _turn() -> None:
    st.session_state[TURN] = int(st.session_state.get(TURN, 1)) + 1
    st.session_state[CHOSEN] = OTHERS


def _keep_upload() -> None:
    """Keeps the uploaded photo, as the uploader forgets it when another page is visited, and chooses it."""
    file = st.session_state[UPLOAD]
    if file is None:
        st.session_state.pop(OWN, None)
        return
    own = st.session_state[OWN] = Photo(file.name, file.getvalue())
    st.session_state[CHOSEN] = own.digest
