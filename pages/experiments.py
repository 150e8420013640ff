"""Experiments: three questions that the lecture leaves open, answered by one click each."""

from __future__ import annotations

import streamlit as st

from flowerlab.experiments.ready_made import EXPERIMENTS
from flowerlab.locale import _
from flowerlab.ui.base.lab import lab
from flowerlab.ui.experiments.card import ShowResult, experiment_card
from flowerlab.ui.experiments.fine_tuning import show_fine_tuning
from flowerlab.ui.experiments.results import show_leak, show_padding
from flowerlab.ui.widgets.backbone_picker import pick_photos_and_backbone
from flowerlab.ui.widgets.task_progress import fetch_panel

RESULTS: dict[str, ShowResult] = {"fine-tuning": show_fine_tuning, "leak": show_leak, "padding": show_padding}


def main() -> None:
    """Lays out the page."""
    st.title(_("Experiments"))
    st.markdown(
        _("Three questions about the lecture, each answered by runs that differ in what is asked alone. Press a button and watch.")
    )
    dataset, backbone = pick_photos_and_backbone(
        lab(),
        key="experiments",
        photos_help=_("What all runs learn from. The garden is drawn by Flowerlab and needs no network."),
        label=_("Known network"),
        help=_("All runs begin with what this network has learnt before."),
    )
    if not (lab().data.has_photos(dataset) and lab().data.has_weights(backbone)):
        st.info(_("These photos or this network are not on this computer yet. Fetch them first, or choose others."), icon="📡")
        fetch_panel(lab(), [dataset, backbone], place="experiments")
        return
    for name, experiment in EXPERIMENTS.items():
        experiment_card(lab(), experiment, architecture=backbone, shared={"dataset": dataset}, show_result=RESULTS[name])


main()
