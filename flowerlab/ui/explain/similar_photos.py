"""The training photos that a run finds most like a photo."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.datasets.originals import Originals
from flowerlab.errors import FlowerlabError
from flowerlab.inference.embeddings import Neighbour, features, nearest, training_photos
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run
from flowerlab.ui.base.messages import show_error
from flowerlab.ui.base.text import escaped
from flowerlab.ui.explain.ask_predictor import asked
from flowerlab.ui.explain.embedding import compute_panel, embedding_of
from flowerlab.ui.widgets.photo_grid import class_words, thumbnail

SHOWN = 3
TILE_PX = 118


def what_similar_is() -> str:
    """Says by what photos are near each other."""
    return _(
        "Near by the numbers from which this network computes its answer (its last layer but one): the cosine of the angle between two "
        "photos, 1 is the same direction. All its training photos are compared."
    )


def similar_ready(lab: Lab, run: Run, *, key: str) -> bool:
    """Whether similar photos can be shown; where not, lets the training photos go through the network, or says why not.

    Args:
        lab: Whose run.
        run: With a model.
        key: Of the widgets.
    """
    found = training_photos(lab.home, lab.store, lab.data, run)
    if found is None:
        st.caption(
            _("The photos that {run} was trained on are not in the lab, so that none of them can be shown.").format(
                run=escaped(run.name)
            )
        )
        return False
    originals, wanted = found
    if embedding_of(lab, wanted) is not None:
        return True
    compute_panel(
        lab,
        wanted,
        originals,
        key=f"{key}-train",
        at_once=True,
        label=_("Let the {count} training photos go through the network").format(count=f"{len(wanted.positions):,}"),
    )
    return False


def show_similar(lab: Lab, run: Run, photo: Photo, *, count: int = SHOWN) -> None:
    """Shows the training photos that are nearest to a photo, once `similar_ready`."""
    found = training_photos(lab.home, lab.store, lab.data, run)
    embedding = None if found is None else embedding_of(lab, found[1])
    if found is None or embedding is None:
        return
    originals = found[0]
    try:
        of_photo = asked(
            ("features", run.id, run.attempt, photo.digest),
            lambda waiting: features(lab.predictor, lab.home, run, photo.pixels, waiting=waiting),
        )
    except FlowerlabError as error:
        show_error(error)
        return
    st.markdown(_("**Most similar training photos**"), help=what_similar_is())
    show_neighbours(nearest(embedding, of_photo, count), originals, digest=photo.digest)


def show_neighbours(neighbours: Sequence[Neighbour], originals: Originals, *, digest: str = "") -> None:
    """Shows photos with their labels and how near they are.

    Args:
        neighbours: The nearest first.
        originals: The photos.
        digest: SHA-256 of the photo that they are near to.
    """
    with st.container(horizontal=True, gap="small"):
        for rank, one in enumerate(neighbours, start=1):
            words = class_words(originals.classes, int(originals.labels[one.position]))
            with st.container(width=TILE_PX, gap="xxsmall"):
                picture = thumbnail(originals, one.position)
                if picture is None:
                    st.caption(_("cannot be read"))
                else:
                    st.image(
                        picture,
                        width=TILE_PX,
                        alt=_("Training photo {photo}, number {rank} by likeness ({similarity:.3f}): {name}").format(
                            photo=originals.ids[one.position],
                            rank=rank,
                            similarity=one.similarity,
                            name=originals.classes[int(originals.labels[one.position])],
                        ),
                    )
                text = f"**{words}** · {one.similarity:.3f}"
                if originals.digests[one.position] == digest:
                    text += "  \n" + _("⚠️ this very photo: it was trained on it")
                else:
                    text += f"  \n{escaped(originals.ids[one.position][:24])}"
                st.caption(text)
