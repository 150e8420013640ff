"""Home: what this is, one button that runs the lecture, and what is at hand."""

from __future__ import annotations

import streamlit as st

from flowerlab.architectures import architecture
from flowerlab.datasets.catalog import dataset_title
from flowerlab.errors import FlowerlabError
from flowerlab.experiments.lecture import start_lecture
from flowerlab.locale import _
from flowerlab.recipe.presets import LECTURE
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.messages import show_error
from flowerlab.ui.base.student import student_here
from flowerlab.ui.home.health import health_panel
from flowerlab.ui.home.latest_runs import latest_runs
from flowerlab.ui.widgets.at_hand import at_hand_table
from flowerlab.ui.widgets.backbone_picker import megabytes, pick_photos_and_backbone
from flowerlab.ui.widgets.recipe_cards import recipe_cards
from flowerlab.ui.widgets.task_progress import fetch_panel


def main() -> None:
    """Lays out the page."""
    st.title(_("Flowerlab"))
    st.markdown(_("Train three image classifiers on flowers, watch them learn, compare them, and try them on your own photo."))
    dataset, backbone = pick_photos_and_backbone(
        lab(),
        key="home",
        photos_help=_("The garden is drawn by Flowerlab and needs no network; tf_flowers is the lecture's set of real photos."),
        label=_("Known network for B and C"),
        help=_(
            "B and C go on from a network that has learnt before. The lecture uses VGG16; VGG16 mini is the same, a quarter as "
            "wide, and comes with Flowerlab."
        ),
    )
    buttons(dataset, backbone)
    recipe_cards(backbone, classes=len(lab().data.classes_of(dataset)))
    st.subheader(_("Latest runs"), anchor=False)
    latest_runs(lab())
    st.subheader(_("What is at hand"), anchor=False)
    at_hand_table(lab())
    fetch_panel(lab(), place="home")
    health_panel()


def buttons(dataset: str, backbone: str) -> None:
    """The primary button, and the ways out where the photos or the known network's weights are missing."""
    if not lab().data.has_photos(dataset):
        text = _("{title} is not on this computer: the first run downloads {size} MB. The garden needs no network.")
        st.warning(text.format(title=dataset_title(dataset), size=lab().data.source(dataset).download_mb), icon="📡")
    if lab().data.has_weights(backbone):
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(_("▶ Run the lecture"), type="primary", key="lecture"):
                run_lecture(LECTURE, backbone, dataset)
            st.caption(_("Trains A, B and C, one after the other, and shows how they learn."), width="content")
        return
    text = _(
        "What {title} learnt on a million photos is not on this computer (a download of {size:.0f} MB). "
        "A needs none of it. B and C can begin with random weights instead (MobileNetV2 0.35 is the quickest then), or try "
        "the download."
    )
    st.info(text.format(title=architecture(backbone).title, size=megabytes(backbone)), icon="🧠")
    with st.container(horizontal=True):
        if st.button(_("▶ Run the lecture: A"), type="primary", key="lecture"):
            run_lecture(("A",), backbone, dataset)
        if st.button(_("Train B and C with untrained weights"), key="untrained"):
            run_lecture(("B", "C"), backbone, dataset, "none")
        if st.button(_("Try the download, then B and C"), key="download"):
            run_lecture(("B", "C"), backbone, dataset)


def run_lecture(letters: tuple[str, ...], backbone: str, dataset: str, weights: str | None = None) -> None:
    """Queues the runs and shows the first of them live."""
    try:
        started = start_lecture(
            lab(), architecture=backbone, weights=weights, shared={"dataset": dataset}, letters=letters, student=student_here()
        )
    except FlowerlabError as error:
        show_error(error)
        return
    if all(one.existing and one.run.state.over for one in started.values()):
        st.toast(_("These runs were trained before: here they are. On Train you can change a knob and try again."), icon="✅")
        st.switch_page("pages/compare.py", query_params={"runs": ",".join(one.run.id for one in started.values())})
    first = next(one.run for one in started.values() if not one.run.state.over)
    st.switch_page("pages/train.py", query_params={"run": first.id})


main()
