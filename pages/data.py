"""Data: what the photos are, and what the network gets of them."""

from __future__ import annotations

import streamlit as st

from flowerlab.datasets.catalog import DATASETS, dataset_title
from flowerlab.datasets.originals import Originals
from flowerlab.errors import BadPhoto
from flowerlab.locale import _
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from flowerlab.ui.data.dataset_facts import show_balance, show_credits, show_split
from flowerlab.ui.data.gather_panel import gather_panel
from flowerlab.ui.data.import_photos import delete_own_photos, import_panel, newly_imported
from flowerlab.ui.data.one_flower import one_flower
from flowerlab.ui.data.photo_closely import drawn_specimen, show_augmentations, show_label, show_resizes
from flowerlab.ui.widgets.choice import choose_word
from flowerlab.ui.widgets.photo_grid import Specimen, photo_grid, specimen_of


def main() -> None:
    """Lays out the page."""
    st.title(_("Data"))
    st.markdown(_("Look at the photos that the networks learn from, and at what becomes of them on the way."))
    dataset = pick_dataset()
    originals, drawn = lab().data.originals(dataset), lab().data.source(dataset).drawn_s > 0
    if originals is None:
        gather_panel(lab(), dataset)
        if drawn:
            show_closely(drawn_specimen(key="data"), lab().data.classes_of(dataset))
    else:
        show_balance(originals, dataset)
        show_photos(originals, dataset)
        show_split(originals, dataset)
    if drawn:
        one_flower(key="data-flower")
    st.subheader(_("Your own photos"))
    import_panel()
    if dataset not in DATASETS:
        delete_own_photos(dataset)
    show_credits(dataset)


def pick_dataset() -> str:
    """The data set that the page is about."""
    names = lab().data.names()
    asked = newly_imported() or st.session_state.get("data-set")
    st.session_state["data-set"] = asked if asked in names else names[0]
    chosen = choose_word(
        _("Data set"),
        {name: dataset_title(name) for name in names},
        key="data-set",
        help=_("The photos and their classes. Every run is trained and tested on one data set."),
    )
    if chosen in DATASETS:
        st.caption(_(DATASETS[chosen].sentence))
    return chosen


def show_photos(originals: Originals, dataset: str) -> None:
    """The photos, and one of them closely."""
    st.subheader(_("Photos"))
    st.caption(_("Press the name under a photo to look at that photo closely, below."))
    position = photo_grid(originals, key=f"data-{dataset}")
    try:
        show_closely(specimen_of(originals, position), originals.classes)
    except BadPhoto as error:
        st.error(escaped(str(error)))


def show_closely(photo: Specimen, classes: tuple[str, ...]) -> None:
    """What becomes of one photo before a network sees it."""
    st.subheader(_("One photo on its way into the network"))
    resize, augment, label = st.tabs([_("Resize"), _("Augmentation"), _("One-hot label")], key="data-closely")
    with resize:
        st.markdown(_("A network wants squares, all of one size. There are four ways to make one, and the way matters."))
        show_resizes(photo, key="data")
    with augment:
        st.markdown(
            _(
                "Changing every training photo a little, anew in each epoch, is like having more photos. "
                "Validation and test photos stay as they are."
            )
        )
        show_augmentations(photo, key="data")
    with label:
        show_label(photo, classes)


main()
