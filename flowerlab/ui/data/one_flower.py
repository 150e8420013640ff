"""One flower of the garden, drawn again at every move of a slider."""

from __future__ import annotations

import time

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from flowerlab.datasets import garden
from flowerlab.datasets.garden import pictures
from flowerlab.locale import _
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import class_words
from flowerlab.ui.widgets.photo_grid import encoded

# Every picture is shown this high, so that nothing below it moves; fewer pixels are seen as larger squares.
SHOWN_PX = 340
SMALLEST_PX, LARGEST_PX = 32, 331
# What is no flower keeps this share of its light when the mask is shown.
DIMMED = 0.3


@fragment()
def one_flower(*, key: str) -> None:
    """Shows one picture of the garden and the knobs that it is drawn with."""
    st.subheader(_("Draw a flower"))
    st.markdown(_("Every picture of the garden is drawn by a program. Move a knob, and it draws again at once."))
    knobs, picture = st.columns([2, 3], gap="large")
    with knobs:
        label = st.selectbox(
            _("Species"),
            range(len(garden.CLASSES)),
            format_func=lambda label: class_words(garden.CLASSES, label),
            key=f"{key}-species",
            help=_("What the flower is called: the class that a network has to name."),
            persist_state="session",
        )
        difficulty = st.slider(
            _("Difficulty"),
            0.0,
            1.0,
            lab().settings.garden_difficulty,
            0.05,
            key=f"{key}-difficulty",
            help=_(
                "More of it means smaller flowers in odder poses and colours, partly hidden, among more that distracts, "
                "and worse photos. The garden that runs train on has {default}."
            ).format(default=f"{lab().settings.garden_difficulty:g}"),
            persist_state="session",
        )
        size_px = st.slider(
            _("Size"),
            SMALLEST_PX,
            LARGEST_PX,
            garden.DEFAULT_SIZE_PX,
            key=f"{key}-size",
            help=_("How many pixels the shorter side of the picture has."),
            format="%d px",
            persist_state="session",
        )
        masked = st.toggle(
            _("Show the mask"),
            key=f"{key}-mask",
            help=_("The mask says which pixels belong to the flower; all others are dimmed."),
            persist_state="session",
        )
        number = st.session_state.setdefault(f"{key}-number", 0)
        if st.button(_("Another one"), key=f"{key}-another"):
            number = st.session_state[f"{key}-number"] = number + 1
    with picture, st.container(height=SHOWN_PX + 60, border=False, key=f"{key}-picture"):
        _show(int(label or 0), number, difficulty=difficulty, size_px=size_px, masked=masked)


def _show(label: int, number: int, *, difficulty: float, size_px: int, masked: bool) -> None:
    index = pictures.index_of(label, number)
    begun_s = time.perf_counter()
    drawing = pictures.draw(index, size_px=size_px, difficulty=difficulty)
    took_ms = (time.perf_counter() - begun_s) * 1000
    height, width = drawing.mask.shape
    pixels = dimmed(drawing.photo, drawing.mask) if masked else drawing.photo
    shown = Image.fromarray(pixels).resize((round(width * SHOWN_PX / height), SHOWN_PX), Image.Resampling.NEAREST)
    words = class_words(garden.CLASSES, label)
    st.image(
        encoded(np.asarray(shown), longest_px=2 * SHOWN_PX),
        alt=_("A drawn picture of {name}, with the flower's mask").format(name=words)
        if masked
        else _("A drawn picture of {name}").format(name=words),
    )
    st.caption(
        _("Picture {index}: {width} × {height} pixels, drawn in {took:.0f} ms. The flower covers {share:.0f} % of it.").format(
            index=f"{index:,}", width=width, height=height, took=took_ms, share=100 * drawing.mask.mean()
        )
    )


def dimmed(photo: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Returns a photo, (height, width, 3), in which all but the flower, where the mask is True, is dark and grey."""
    grey = (photo.mean(axis=2, keepdims=True) * DIMMED).astype(np.uint8)
    pixels: NDArray[np.uint8] = np.where(mask[:, :, None], photo, grey)
    return pixels
