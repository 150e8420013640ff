"""The training photos that a run finds most like a photo."""

from __future__ import annotations

import streamlit as st

from flowerlab.datasets.originals import Originals
from flowerlab.inference.embeddings import Embedding, features, nearest, training_photos
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import class_words, escaped
from flowerlab.ui.explain.ask_predictor import asked
from flowerlab.ui.explain.embedding import compute_panel, embedding_of
from flowerlab.ui.widgets.photo_grid import show_picture, thumbnail

SHOWN = 3
TILE_PX = 118

# Photos that a run was trained on, and what it made of them.
Known = tuple[Originals, Embedding]


def known_photos(lab: Lab, run: Run, *, key: str) -> Known | None:
    """Returns what similar photos are found among; where it is not there yet, lets the training photos go through the network, or says
    why that cannot be."""
    found = training_photos(lab.home, lab.store, lab.data, run)
    if found is None:
        st.caption(
            _("The photos that {run} was trained on are not in the lab, so that none of them can be shown.").format(
                run=escaped(run.name)
            )
        )
        return None
    originals, wanted = found
    embedding = embedding_of(lab, wanted)
    if embedding is not None:
        return originals, embedding
    compute_panel(
        lab,
        wanted,
        originals,
        key=f"{key}-train",
        at_once=True,
        label=_("Let the {count} training photos go through the network").format(count=f"{len(wanted.positions):,}"),
    )
    return None


def show_similar(lab: Lab, run: Run, photo: Photo, known: Known, *, count: int = SHOWN) -> None:
    """Shows the training photos that a run finds most like a photo, the nearest first, with their labels and how near they are."""
    originals, embedding = known
    of_photo = asked(lab, run, features, photo)
    if of_photo is None:
        return
    st.markdown(
        _("**Most similar training photos**"),
        help=_(
            "Near by the numbers from which this network computes its answer (its last layer but one): the cosine of the angle between two "
            "photos, 1 is the same direction. All its training photos are compared."
        ),
    )
    with st.container(horizontal=True, gap="small"):
        for rank, one in enumerate(nearest(embedding, of_photo, count), start=1):
            photo_id, label = originals.ids[one.position], int(originals.labels[one.position])
            with st.container(width=TILE_PX, gap="xxsmall"):
                show_picture(
                    thumbnail(originals, one.position),
                    width=TILE_PX,
                    alt=_("Training photo {photo}, number {rank} by likeness ({similarity:.3f}): {name}").format(
                        photo=photo_id, rank=rank, similarity=one.similarity, name=originals.classes[label]
                    ),
                )
                text = f"**{class_words(originals.classes, label)}** · {one.similarity:.3f}"
                if originals.digests[one.position] == photo.digest:
                    text += "  \n" + _("⚠️ this very photo: it was trained on it")
                else:
                    text += f"  \n{escaped(photo_id[:24])}"
                st.caption(text)
