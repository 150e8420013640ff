"""Home: what this is, one button that runs the lecture, and what is at hand."""

from __future__ import annotations

import streamlit as st

from flowerlab.architectures import ARCHITECTURES, architecture
from flowerlab.datasets.catalog import DATASETS
from flowerlab.errors import FlowerlabError
from flowerlab.locale import _
from flowerlab.presets import LECTURE, PRESETS
from flowerlab.runs import Lab
from flowerlab.ui.lab import lab
from flowerlab.ui.words import percent_with_interval, state_words

the_lab = lab()


def backbones() -> list[str]:
    """Known networks, those whose weights are at hand first; VGG16, the lecture's, leads where it can."""
    known = [name for name, entry in ARCHITECTURES.items() if entry.fine_tune_from is not None]
    return sorted(known, key=lambda name: (not the_lab.weights_at_hand(name), known.index(name)))


def run_lecture(opened: Lab, letters: tuple[str, ...], backbone: str, dataset: str, weights: str) -> None:
    """Queues the runs and shows the first of them live."""
    try:
        started = opened.lecture(architecture=backbone, weights=weights, shared={"dataset": dataset}, letters=letters)
    except FlowerlabError as error:
        st.error(str(error))
        return
    st.switch_page("pages/train.py", query_params={"run": next(iter(started.values())).run.id})


st.title(_("Flowerlab"))
st.markdown(
    _("Train three image classifiers on flowers, watch them learn, compare them, and try them on your own photo.")
)

left, right = st.columns([3, 2], gap="large")
with left:
    dataset = st.selectbox(
        _("Photos"), list(DATASETS), format_func=lambda name: DATASETS[name].title, persist_state="session", key="home-dataset",
        help=_("The garden is drawn by Flowerlab and needs no network; tf_flowers is the lecture's data set of real photos."),
    )  # fmt: skip
    backbone = st.selectbox(
        _("Known network for B and C"), backbones(), format_func=lambda name: architecture(name).title, persist_state="session",
        key="home-backbone", help=_("B and C go on from a network that was trained on a million photos. The lecture uses VGG16."),
    )  # fmt: skip
    chosen = architecture(backbone)
    if the_lab.weights_at_hand(backbone):
        if st.button(_("▶ Run the lecture"), type="primary", key="lecture"):
            run_lecture(the_lab, LECTURE, backbone, dataset, "imagenet")
    else:
        st.info(
            _(
                "What {title} learnt on a million photos (a download of {size:.0f} MB) is not on this computer. "
                "Recipe A needs none of it; B and C can be trained from random weights, or try the download."
            ).format(title=chosen.title, size=chosen.weights[0].megabytes)
        )
        if st.button(_("▶ Run the lecture: A now"), type="primary", key="lecture"):
            run_lecture(the_lab, ("A",), backbone, dataset, "imagenet")
        if st.button(_("Train B and C with untrained weights"), key="untrained"):
            run_lecture(the_lab, ("B", "C"), backbone, dataset, "none")
        if st.button(_("Try the download, then train B and C"), key="download"):
            run_lecture(the_lab, ("B", "C"), backbone, dataset, "imagenet")
    if dataset == "tf_flowers" and not the_lab.dataset_at_hand(dataset):
        st.warning(_("tf_flowers is not on this computer: the first run will download 218 MB, or say that it cannot."))

with right:
    st.subheader(_("The three recipes"))
    for letter in LECTURE:
        st.markdown(f"**{letter} · {_(PRESETS[letter].title)}** — {_(PRESETS[letter].sentence)}")

st.subheader(_("Latest runs"))
runs = the_lab.store.all()[:6]
if not runs:
    st.markdown(_("No run yet. Press the button above: the first curve moves within a minute."))
for run in runs:
    figure = ""
    if run.result is not None and run.result.test_accuracy is not None:
        figure = _("test accuracy {figure}").format(
            figure=percent_with_interval(run.result.test_accuracy, run.result.test_photos)
        )
    if st.button(
        f"{run.name} · {state_words(run.state)} · {figure}".rstrip(" ·"), key=f"show-{run.id}", type="tertiary"
    ):
        st.switch_page("pages/train.py", query_params={"run": run.id})

with st.expander(_("What is at hand")):
    for name, entry in DATASETS.items():
        here = _("at hand ✓") if the_lab.dataset_at_hand(name) else _("to fetch: {mb} MB").format(mb=entry.download_mb)
        st.markdown(f"- **{entry.title}** — {here}. {_(entry.sentence)}")
    for name in backbones():
        entry_of = architecture(name)
        size = entry_of.weights[0].megabytes
        here = (
            _("weights at hand ✓")
            if the_lab.weights_at_hand(name)
            else _("weights to fetch: {mb:.0f} MB").format(mb=size)
        )
        st.markdown(f"- **{entry_of.title}** — {here}.")
    owner = (
        _("This computer trains.")
        if the_lab.owns_queue
        else _("Another window or command of Flowerlab runs the queue.")
    )
    st.markdown(f"- {owner}")
