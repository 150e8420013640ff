"""Questions to the predictor from a page: asked once, waited for visibly, given up when the page moves on."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import streamlit as st

from flowerlab.errors import FlowerlabError
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run
from flowerlab.ui.base.messages import show_error

MEMORY = "asked"
MOST_REMEMBERED = 80

Found = TypeVar("Found")


def asked(lab: Lab, run: Run, question: Callable[..., Found], photo: Photo | None = None, **options: Hashable) -> Found | None:
    """Returns what a run answers, from memory if this visitor asked the same before; None after a message if it cannot be asked.

    Args:
        question: Of `flowerlab.inference`: takes predictor, home, run, the photo's pixels if there is one, `options`, and `waiting`.
        photo: Decoded only if it is asked about.
    """
    memory: OrderedDict[Hashable, Found] = st.session_state.setdefault(MEMORY, OrderedDict())
    key = (question.__name__, run.id, run.attempt, photo and photo.digest, *options.items())
    if key in memory:
        memory.move_to_end(key)
        return memory[key]
    slot, begun_s = st.empty(), time.monotonic()

    def waiting() -> None:
        # Drawing is also what lets Streamlit leave the script here, where the visitor clicks on meanwhile: the question is taken back.
        slot.caption(f"⏳ {_('Looking into the network …')} {time.monotonic() - begun_s:.0f} s")

    about: list[Any] = [] if photo is None else [photo.pixels]
    try:
        found = memory[key] = question(lab.predictor, lab.home, run, *about, **options, waiting=waiting)
    except FlowerlabError as error:
        show_error(error)
        return None
    finally:
        slot.empty()
    while len(memory) > MOST_REMEMBERED:
        memory.popitem(last=False)
    return found
