"""Photos of a data set on a page: thumbnails, and a grid to choose from."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from flowerlab.datasets.originals import Originals
from flowerlab.errors import BadPhoto
from flowerlab.locale import _
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.ui.base.text import class_words
from flowerlab.ui.widgets.choice import ALL, choose_class

# Six stand in a row on a laptop, two on a phone.
THUMBNAIL_PX = 168
PHOTOS_A_PAGE = 12
LONGEST_SIDE_PX = 640
# Enough for all of tf_flowers: a page that is turned back and forth decodes no photo twice.
KEPT_PICTURES = 4000
# What is kept of a data set's photos is kept for all that opened it.
BY_CONTENT: dict[str | type[Any], Callable[[Any], Any]] = {Originals: lambda originals: originals.content}


@dataclass(frozen=True)
class Specimen:
    """One photo that is looked at closely.

    Args:
        pixels: uint8, (height, width, 3), RGB.
        name: Its id.
    """

    pixels: NDArray[np.uint8]
    label: int
    name: str


def encoded(pixels: NDArray[np.uint8], *, longest_px: int = LONGEST_SIDE_PX) -> bytes:
    """Returns a JPEG of a photo (uint8, (height, width, 3), RGB), made smaller if a side is longer than `longest_px`."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((longest_px, longest_px))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()


@st.cache_data(max_entries=KEPT_PICTURES, show_spinner=False, hash_funcs=BY_CONTENT)
def thumbnail(originals: Originals, position: int) -> bytes | None:
    """Returns a small square JPEG of a photo by its 0-based position, made once for all viewers; None if it cannot be read."""
    try:
        photo = read_photo(originals.data(position), originals.ids[position])
    except BadPhoto:
        return None
    return encoded(resize_photo(photo, THUMBNAIL_PX, "crop"))


@st.cache_data(max_entries=KEPT_PICTURES, show_spinner=False, hash_funcs=BY_CONTENT)
def picture(originals: Originals, position: int, *, longest_px: int) -> bytes | None:
    """Returns a JPEG of a whole photo, as `encoded` does, made once for all viewers; None if it cannot be read."""
    try:
        photo = read_photo(originals.data(position), originals.ids[position])
    except BadPhoto:
        return None
    return encoded(photo, longest_px=longest_px)


def show_picture(picture: bytes | None, *, alt: str, width: int | Literal["stretch"] = "stretch") -> None:
    """Shows a picture; None stands for a photo that cannot be read."""
    if picture is None:
        st.caption(_("cannot be read"))
    else:
        st.image(picture, width=width, alt=alt)


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs=BY_CONTENT)
def _pixels(originals: Originals, position: int) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = read_photo(originals.data(position), originals.ids[position])
    return pixels


@st.cache_data(max_entries=KEPT_PICTURES, show_spinner=False, hash_funcs=BY_CONTENT)
def _length(originals: Originals, position: int) -> float:
    """How far a photo is from square: its longer side through its shorter one."""
    try:
        # The header says the size: twelve photos a page need not be decoded for it.
        with Image.open(io.BytesIO(originals.data(position))) as picture:
            return max(picture.size) / min(picture.size)
    except OSError:
        return 0.0


def specimen_of(originals: Originals, position: int) -> Specimen:
    """Reads one photo of a data set, by its 0-based position.

    Raises:
        BadPhoto: If its bytes cannot be read.
    """
    pixels = _pixels(originals, position)
    return Specimen(pixels, int(originals.labels[position]), originals.ids[position])


def photo_grid(originals: Originals, *, key: str) -> int:
    """Shows a page of photos of a class and lets one choose a photo; returns its position, at first that of the longest one."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = choose_class(_("Class"), originals.classes, key=f"{key}-class")
        turn = st.session_state.setdefault(f"{key}-turn", 0)
        if st.button(_("Show others"), key=f"{key}-others"):
            turn = st.session_state[f"{key}-turn"] = turn + 1
    positions = _shuffled(originals, label)
    pages = max(1, -(-len(positions) // PHOTOS_A_PAGE))
    begin = turn % pages * PHOTOS_A_PAGE
    shown = positions[begin : begin + PHOTOS_A_PAGE]
    remembered: int | None = st.session_state.get(f"{key}-chosen")
    if remembered is None or remembered >= len(originals):
        # On a square photo all resizes look alike; on the longest one they differ most.
        remembered = max(shown, key=lambda position: _length(originals, position))
    position = remembered
    with st.container(horizontal=True, gap="small", key=f"{key}-grid"):
        for candidate in shown:
            _grid_cell(originals, candidate, key=key, chosen=candidate == position)
    return position


def _grid_cell(originals: Originals, position: int, *, key: str, chosen: bool) -> None:
    words = class_words(originals.classes, int(originals.labels[position]))
    with st.container(width=THUMBNAIL_PX, gap=None):
        show_picture(thumbnail(originals, position), width=THUMBNAIL_PX, alt=_("A photo of {name}").format(name=words))
        st.button(
            words,
            key=f"{key}-look-{position}",
            type="secondary" if chosen else "tertiary",
            help=_("Look at this photo closely, below."),
            on_click=st.session_state.update,
            args=({f"{key}-chosen": position},),
            width="stretch",
        )


def _shuffled(originals: Originals, label: int) -> list[int]:
    """Positions of a class's photos (or all), in an order that is mixed but always the same."""
    members = np.arange(len(originals)) if label == ALL else np.flatnonzero(originals.labels == label)
    return [int(position) for position in np.random.default_rng(0).permutation(members)]
