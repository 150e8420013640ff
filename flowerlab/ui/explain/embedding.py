"""Embeddings on a page: opened once for all viewers, computed in the background where they are not kept."""

from __future__ import annotations

import streamlit as st

from flowerlab.datasets.originals import Originals
from flowerlab.inference.embeddings import Embedding, Wanted, kept_embedding
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.tasks.embed_photos import embed_photos
from flowerlab.ui.widgets.task_progress import task_panel

MOST_OPEN = 4


def embedding_of(lab: Lab, wanted: Wanted) -> Embedding | None:
    """Returns an embedding; None before it was computed."""
    memory, key = _memory(), wanted.key
    found = memory.get(key) or kept_embedding(lab.home, wanted)
    if found is not None and key not in memory:
        memory[key] = found
        while len(memory) > MOST_OPEN:
            memory.pop(next(iter(memory)), None)
    return found


@st.cache_resource(show_spinner=False)
def _memory() -> dict[str, Embedding]:
    return {}


def compute_panel(lab: Lab, wanted: Wanted, originals: Originals, *, key: str, at_once: bool, label: str) -> None:
    """Lets a run's photos go through its network where that is not kept yet, and shows how far it is; see `task_panel`."""
    words = _(
        "Each photo goes through the network once; what comes out before the answer is kept. It can be cancelled, and waits "
        "whenever somebody asks about a photo."
    )
    work = embed_photos(wanted, originals, lab.home, lab.predictor)
    task_panel(lab.tasks, work, label, key=key, at_once=at_once, primary=True, help=words)
