"""Fetching what is missing: a button each, how far it is, a way to end it, and why it failed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.tasks.download import fetch_title, fetchable, megabytes_of
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.gathering import progress_text, share

EVERY_S = 1.0


def fetch_panel(lab: Lab, names: Sequence[str] | None = None, *, place: str) -> None:
    """Offers to fetch what is missing, and shows what is being fetched; draws nothing if nothing is missing.

    Args:
        lab: That fetches.
        names: What the panel is about, as in `fetchable()`; None for all.
        place: Tells the panel's widgets from those of another panel.
    """
    wanted = [name for name in fetchable() if names is None or name in names]
    going = [name for name in wanted if _going(lab, name)]
    missing = [name for name in wanted if name not in going and not lab.data.at_hand(name)]
    if going:
        _watch(lab, going, place)
    for name in missing:
        _tell_end(lab, name)
    if missing:
        with st.container(horizontal=True):
            for name in missing:
                label = _("Fetch {title} ({size:.0f} MB)").format(title=fetch_title(name), size=megabytes_of(name))
                st.button(
                    label,
                    key=f"fetch-{place}-{name}",
                    on_click=_start,
                    args=(lab, name),
                )
        st.caption(_("Fetching needs a network and goes on in the background; if it breaks off, what has come is kept."))


def _start(lab: Lab, name: str) -> None:
    lab.fetcher.start(name)


def _going(lab: Lab, name: str) -> bool:
    state = lab.fetcher.state(name)
    return state is not None and not state.over


def _watch(lab: Lab, names: Sequence[str], place: str) -> None:
    def draw() -> None:
        if not all(_going(lab, name) for name in names):
            # The whole page shall know what is at hand now.
            st.rerun()
        for name in names:
            state = lab.fetcher.state(name)
            assert state is not None
            # A horizontal row instead of columns: the narrow form of Train has room for the whole word then.
            with st.container(horizontal=True, vertical_alignment="bottom"):
                st.progress(share(state), text=progress_text(state))
                key = f"fetch-cancel-{place}-{name}"
                st.button(_("Cancel"), key=key, on_click=lab.fetcher.cancel, args=(name,))

    refreshed(draw, every_s=EVERY_S)


def _tell_end(lab: Lab, name: str) -> None:
    """Says why the last try did not bring it, if there was one."""
    state = lab.fetcher.state(name)
    if state is None or not state.error:
        return
    text = f"{fetch_title(name)}: {escaped(state.error)}"
    if state.cancelled:
        st.info(text, icon="✋")
    else:
        st.error(text, icon="🚧")
