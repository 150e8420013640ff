"""One photo on its way into a network: resized, augmented, labelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from flowerlab.datasets.garden.pictures import draw
from flowerlab.locale import _
from flowerlab.photos.augmentation import AUGMENTATIONS, augment
from flowerlab.photos.reading import RESIZE_MODES, resize_photo
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import class_words
from flowerlab.ui.widgets.photo_grid import THUMBNAIL_PX, Specimen, encoded

DRAWS = 5
AUGMENTED_PX = 150


def drawn_specimen(*, key: str) -> Specimen:
    """Draws a picture of the garden, to look at before the whole garden is drawn; a button draws another one."""
    index = st.session_state.setdefault(f"{key}-drawn", 0)
    if st.button(_("Draw another flower"), key=f"{key}-draw-another"):
        index = st.session_state[f"{key}-drawn"] = index + 1
    drawing = draw(index, difficulty=lab().settings.garden_difficulty)
    return Specimen(drawing.photo, drawing.label, f"garden-{index:05d}")


def show_resizes(photo: Specimen, *, key: str) -> None:
    """Shows what each resize makes of a photo side by side."""
    size_px = st.slider(
        _("Image size"),
        32,
        331,
        150,
        key=f"{key}-size",
        help=_("Width and height of the square that the network sees, in pixels. The lecture takes 150."),
        format="%d px",
        persist_state="session",
    )
    height, width = photo.pixels.shape[:2]
    with st.container(horizontal=True, gap="small"):
        with st.container(width=THUMBNAIL_PX):
            st.image(encoded(photo.pixels), width="stretch", alt=_("The photo as it came"))
            st.markdown(_("**original**"))
            st.caption(_("{width} × {height} pixels, as it came.").format(width=width, height=height))
        for mode, sentence in RESIZE_MODES.items():
            with st.container(width=THUMBNAIL_PX):
                st.image(
                    resize_photo(photo.pixels, size_px, mode),
                    width="stretch",
                    alt=_("The photo after the resize {mode}").format(mode=mode),
                )
                st.markdown(f"**{mode}**")
                st.caption(_(sentence))


def show_augmentations(photo: Specimen, *, key: str) -> None:
    """Shows a photo and some draws of each augmentation."""
    turn = st.session_state.setdefault(f"{key}-draw", 0)
    if st.button(_("Draw again"), key=f"{key}-again", help=_("In training every epoch draws anew, too.")):
        turn = st.session_state[f"{key}-draw"] = turn + 1
    square = resize_photo(photo.pixels, AUGMENTED_PX, "squash")
    for number, how in enumerate(name for name in AUGMENTATIONS if name != "none"):
        st.markdown(f"**{how}**: {_(AUGMENTATIONS[how])}")
        drawn = augment(np.stack([square] * DRAWS), how, np.random.default_rng([turn, number]))
        with st.container(horizontal=True, gap="small"):
            st.image(square, width=AUGMENTED_PX, caption=_("original"), alt=_("The photo without augmentation"))
            for draw, pixels in enumerate(drawn, start=1):
                st.image(
                    pixels,
                    width=AUGMENTED_PX,
                    caption=_("draw {number}").format(number=draw),
                    alt=_("Draw {number} of the augmentation {how}").format(number=draw, how=how),
                )


def show_label(photo: Specimen, classes: Sequence[str]) -> None:
    """Shows a photo beside its label as the network gets it: one-hot."""
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.image(encoded(photo.pixels), width="stretch", alt=_("The photo as it came"))
    with right:
        st.markdown(
            _(
                "A network answers with one number a class, so the label is written the same way: a **1** for what is in "
                "the photo, a **0** for all else. This is called *one-hot*."
            )
        )
        st.table(
            {class_words(classes, label): ["**1**" if label == photo.label else "0"] for label in range(len(classes))},
            hide_index=True,
            alt=_("One-hot label: 1 for {name}, 0 for all other classes").format(name=classes[photo.label]),
        )
