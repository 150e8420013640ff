"""Bringing a data set's photos into the lab, watched on a page."""

from __future__ import annotations

import streamlit as st

from flowerlab.datasets.catalog import DATASETS
from flowerlab.locale import _
from flowerlab.tasks.gather import Gathering
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped


def gather_panel(dataset: str) -> None:
    """Says what is missing, begins what costs nothing by itself, and shows how far it is.

    Args:
        dataset: One whose photos are not in the lab yet.
    """
    state = lab().gatherer.state(dataset)
    if state is None and dataset != "tf_flowers":
        # Drawing the garden or copying own photos needs no network and no decision.
        state = lab().gatherer.start(dataset)
    if state is not None and not state.over:
        _watch(dataset)
        return
    if state is not None and state.cancelled:
        st.info(escaped(state.error), icon="✋")
    elif state is not None and state.error:
        st.error(escaped(state.error), icon="🚧")
    _offer(dataset)


def _start(dataset: str) -> None:
    lab().gatherer.start(dataset)


def _offer(dataset: str) -> None:
    if dataset != "tf_flowers":
        st.button(_("Try again"), type="primary", key="gather-start", on_click=_start, args=(dataset,))
        return
    entry = DATASETS[dataset]
    if lab().data.dataset_at_hand(dataset):
        st.info(
            _("The {photos} photos are on this machine. Bring them into the lab once; it takes less than a minute.").format(
                photos=f"{entry.photos:,}"
            ),
            icon="📦",
        )
        label = _("Bring in the photos")
    else:
        st.warning(
            _(
                "The {photos} photos are not on this machine, and fetching them needs a network ({size} MB). Without one, "
                "take the garden, or copy a folder of photos here and import it below."
            ).format(photos=f"{entry.photos:,}", size=entry.download_mb),
            icon="📡",
        )
        label = _("Fetch tf_flowers ({size} MB)").format(size=entry.download_mb)
    st.button(label, type="primary", key="gather-start", on_click=_start, args=(dataset,))


@fragment(every_s=1)
def _watch(dataset: str) -> None:
    state = lab().gatherer.state(dataset)
    if state is None or state.over:
        st.rerun()
    assert state is not None
    left, right = st.columns([5, 1], vertical_alignment="bottom")
    left.progress(share(state), text=progress_text(state))
    right.button(_("Cancel"), key="gather-cancel", on_click=lab().gatherer.cancel, args=(dataset,), width="stretch")


def share(state: Gathering) -> float:
    """Returns how much of the step is done, 0..1."""
    return min(1.0, state.done / state.total) if state.total else 0.0


def progress_text(state: Gathering) -> str:
    """Writes the step and how far it is: `Downloading VGG16 weights: 12 of 59 MB`."""
    if not state.total:
        return f"{_(state.step)} …"
    step = state.step.removesuffix(" (MB)")
    text = _("{step}: {done} of {total}") if step == state.step else _("{step}: {done} of {total} MB")
    return text.format(step=_(step), done=f"{state.done:,}", total=f"{state.total:,}")
