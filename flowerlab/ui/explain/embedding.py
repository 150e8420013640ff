"""Embeddings on a page: opened once for all viewers, computed in the background where they are not kept."""

from __future__ import annotations

import streamlit as st

from flowerlab.datasets.originals import Originals
from flowerlab.inference.embeddings import Embedding, Wanted, kept_embedding
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.gathering import progress_text, share


def embedding_of(lab: Lab, wanted: Wanted) -> Embedding | None:
    """Returns an embedding; None before it was computed.

    Args:
        lab: Whose home keeps it.
        wanted: Which.
    """
    state = lab.embedder.state(wanted)
    # What is just being made is not looked for on the disk at every refresh.
    if state is not None and not state.over:
        return None
    return _opened(lab, wanted, wanted.key)


def _opened(lab: Lab, wanted: Wanted, key: str) -> Embedding | None:
    found = _memory().get(key)
    if found is None:
        found = kept_embedding(lab.home, wanted)
        if found is not None:
            memory = _memory()
            memory[key] = found
            while len(memory) > 4:
                memory.pop(next(iter(memory)), None)
    return found


@st.cache_resource(show_spinner=False)
def _memory() -> dict[str, Embedding]:
    return {}


def compute_panel(lab: Lab, wanted: Wanted, originals: Originals, *, key: str, at_once: bool, label: str) -> None:
    """Lets a run's photos go through its network, and shows how far it is.

    Args:
        lab: That computes.
        wanted: What is not kept yet.
        originals: The photos.
        key: Of the widgets.
        at_once: Whether it begins without being asked.
        label: Of the button that begins it.
    """
    state = lab.embedder.state(wanted)
    if state is None and at_once:
        state = lab.embedder.start(wanted, originals)
    if state is None or state.over:
        if state is not None and state.error:
            st.info(escaped(state.error), icon="✋" if state.cancelled else "🚧")
        st.button(
            label,
            key=f"{key}-start",
            type="primary",
            on_click=_start,
            args=(lab, wanted, originals),
            help=_(
                "Each photo goes through the network once; what comes out before the answer is kept. It can be cancelled, and waits "
                "whenever somebody asks about a photo."
            ),
        )
        return

    def draw() -> None:
        now = lab.embedder.state(wanted)
        if now is None or now.over:
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.progress(share(now), text=progress_text(now))
            st.button(_("Cancel"), key=f"{key}-cancel", on_click=lab.embedder.cancel, args=(wanted,))

    refreshed(draw, every_s=1.0)


def _start(lab: Lab, wanted: Wanted, originals: Originals) -> None:
    lab.embedder.start(wanted, originals)
