"""Bringing a data set's photos into the lab, watched on the page."""

from __future__ import annotations

import streamlit as st

from flowerlab.datasets.catalog import dataset_title
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.tasks.gather import gather_dataset
from flowerlab.ui.widgets.task_progress import task_panel


def gather_panel(lab: Lab, dataset: str) -> None:
    """Says what is missing of photos that are not in the lab yet, begins what costs nothing by itself, and shows how far it is."""
    work = gather_dataset(dataset, lab.home, lab.settings)
    # Drawing the garden or copying own photos needs no network and no decision.
    at_once = not lab.data.source(dataset).download_mb
    task = lab.tasks.state(work)
    label = _("Try again")
    if not at_once and (task is None or task.over):
        label = _offer(lab, dataset)
    task_panel(lab.tasks, work, label, key="gather", at_once=at_once, primary=True)


def _offer(lab: Lab, dataset: str) -> str:
    """Says what it takes to bring photos in that do not come by themselves; returns what the button for it is called."""
    photos, megabytes = f"{lab.data.photos_of(dataset):,}", lab.data.source(dataset).download_mb
    if lab.data.has_photos(dataset):
        words = _("The {photos} photos are on this machine. Bring them into the lab once; it takes less than a minute.")
        st.info(words.format(photos=photos), icon="📦")
        return _("Bring in the photos")
    words = _(
        "The {photos} photos are not on this machine, and fetching them needs a network ({size} MB). Without one, "
        "take the garden, or copy a folder of photos here and import it below."
    )
    st.warning(words.format(photos=photos, size=megabytes), icon="📡")
    return _("Fetch {title} ({size} MB)").format(title=dataset_title(dataset), size=megabytes)
