"""Choosing the one photo that is looked at from inside: a test photo or an own one."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.errors import BadPhoto
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import escaped
from flowerlab.ui.explain.classifying import Given, drawn_samples, sample_photos
from flowerlab.ui.widgets.photo_grid import encoded

CHOSEN, OWN, TURN = "inside-chosen", "inside-own", "inside-turn"
UPLOAD = "inside-upload"
# Chosen: the first of the other test photos, whichever that is. No photo is named so.
OTHERS = "/others"
QUERY = "photo"
TYPES = ["jpg", "jpeg", "png", "webp", "heic", "heif"]
LARGEST_PHOTO_MB = 20
SAMPLES = 5
TILE_PX = 118
# The longer side of what is drawn upon.
SHOWN_PX = 480


@dataclass(frozen=True)
class Photo:
    """The photo that is looked at.

    Args:
        given: As it came.
        read: Decodes it; called once at most, and only if its pixels are needed.
        picture: A smaller JPEG of it, if there is one: then it can be shown without being decoded.
    """

    given: Given
    read: Callable[[], NDArray[np.uint8]]
    picture: bytes | None = None

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The photo: uint8, (height, width, 3), RGB."""
        return self.read()

    @cached_property
    def shown(self) -> NDArray[np.uint8]:
        """The photo, small enough to be drawn upon at once."""
        from PIL import Image

        image = Image.fromarray(self.pixels) if self.picture is None else Image.open(io.BytesIO(self.picture))
        share = min(1.0, SHOWN_PX / max(image.size))
        if share < 1:
            image = image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))
        return np.asarray(image, dtype=np.uint8)

    @property
    def words(self) -> str:
        """What it is, for those who do not see it. No Markdown in it."""
        if self.given.truth is None:
            return _("the photo {name}").format(name=self.given.name)
        return _("the photo {name}, {truth}").format(name=self.given.name, truth=self.given.truth)


def pick_photo(lab: Lab, runs: Sequence[Run]) -> Photo | None:
    """Lets one choose a photo; at first it is the first sample.

    Args:
        lab: Whose photos.
        runs: Test photos of the first one are offered; a photo that was chosen elsewhere may be of any.

    Returns:
        None if there is none, or it cannot be read.
    """
    _take_over_url()
    offered = _offered(lab, runs)
    if not offered:
        st.info(_("The photos of this run's data set are not in the lab. Bring your own photo."), icon="🗂️")
    chosen = _chosen(offered)
    with st.container(horizontal=True, gap="small", key="inside-photos"):
        for given in offered:
            _tile(given, chosen=chosen is not None and given.digest == chosen.digest)
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
    if chosen is None:
        return None
    try:
        pixels = read_photo(chosen.data, chosen.name)
        return Photo(chosen, lambda: pixels)
    except BadPhoto as error:
        st.error(escaped(str(error)), icon="🚫")
        return None


def choose_photo(photo: str) -> None:
    """Chooses a photo of the run's data set by its id; to be called before `pick_photo`, as in a callback."""
    st.session_state[CHOSEN] = photo


def _take_over_url() -> None:
    """A link beats what was chosen before."""
    asked = st.query_params.get(QUERY, "")
    if asked and asked != st.session_state.get(f"{CHOSEN}-url"):
        st.session_state[CHOSEN] = asked
    st.session_state[f"{CHOSEN}-url"] = asked


def _offered(lab: Lab, runs: Sequence[Run]) -> list[Given]:
    """Own photo first, then the photo that was asked for, then samples."""
    turn = int(st.session_state.get(TURN, 1))
    samples = sample_photos(lab, runs[0], turn=turn, count=SAMPLES) or drawn_samples(runs[0], turn=turn)
    named = st.session_state.get(CHOSEN)
    first: list[Given] = []
    own: Given | None = st.session_state.get(OWN)
    if own is not None:
        first.append(own)
    for originals in (run_photos(lab.home, lab.store, lab.data, run) for run in runs):
        if named is not None and originals is not None and named in originals.positions:
            place = originals.positions[named]
            first.append(Given(named, originals.data(place), originals.classes[int(originals.labels[place])]))
            break
    return list({given.digest: given for given in reversed([*first, *samples])}.values())[::-1]


def _chosen(offered: Sequence[Given]) -> Given | None:
    named: str = st.session_state.get(CHOSEN, "")
    by_name = {_name(given): given for given in reversed(offered)}
    if named == OTHERS:
        return next((given for given in offered if given.truth is not None), None)
    return by_name.get(named, offered[0]) if offered else None


def _name(given: Given) -> str:
    """A test photo by its id, an own one by its bytes: its name may be that of a test photo."""
    return given.name if given.truth is not None else given.digest


def _tile(given: Given, *, chosen: bool) -> None:
    with st.container(width=TILE_PX, gap=None):
        picture = _small(given.digest, given.data)
        words = given.truth or given.name
        if picture is None:
            st.caption(_("cannot be read"))
        else:
            st.image(picture, width=TILE_PX, alt=_("A photo of {name}").format(name=words))
        st.button(
            ("👁 " if chosen else "") + escaped(words[:14]),
            key=f"inside-take-{given.digest[:16]}",
            width="stretch",
            type="secondary" if chosen else "tertiary",
            on_click=_choose,
            args=(_name(given),),
            help=_("Looked at now.") if chosen else _("Look at this photo."),
        )


@st.cache_data(max_entries=300, show_spinner=False)
def _small(digest: str, _data: bytes) -> bytes | None:
    try:
        return encoded(resize_photo(read_photo(_data), 2 * TILE_PX, "crop"))
    except BadPhoto:
        return None


def _choose(name: str) -> None:
    st.session_state[CHOSEN] = name


def _turn() -> None:
    st.session_state[TURN] = int(st.session_state.get(TURN, 1)) + 1
    st.session_state[CHOSEN] = OTHERS


def _keep_upload() -> None:
    """Keeps the uploaded photo, as the uploader forgets it when another page is visited, and chooses it."""
    file = st.session_state[UPLOAD]
    if file is None:
        st.session_state.pop(OWN, None)
        return
    data = file.getvalue()
    st.session_state[OWN] = Given(file.name, data)
    st.session_state[CHOSEN] = hashlib.sha256(data).hexdigest()
