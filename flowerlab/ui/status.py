"""The status strip: what the lab is doing, in one line on every page."""

from __future__ import annotations

import streamlit as st

from flowerlab.locale import _
from flowerlab.runs import Lab
from flowerlab.ui.words import state_words


def status_strip(lab: Lab) -> None:
    """Writes what runs and how many wait."""
    live, waiting = lab.store.live(), lab.store.queued()
    if live:
        text = _("**{name}** is under way: {state}").format(
            name=live[0].name.replace("*", ""), state=state_words(live[0].state)
        )
    else:
        text = _("Nothing is training.")
    if waiting:
        text += " · " + _("{count} waiting").format(count=len(waiting))
    st.caption(text)
