"""The status strip: what the lab is doing, in one line on every page."""

from __future__ import annotations

import streamlit as st

from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.ui.base.fragments import busy, refreshed
from flowerlab.ui.base.streamlit_seams import page_style
from flowerlab.ui.base.text import escaped, state_words
from flowerlab.ui.widgets.run_progress import progress_of

EVERY_S = 2.0


def status_strip(lab: Lab) -> None:
    """Writes what runs and how many wait; alive only while something does."""
    page_style()
    _notices(lab)
    watched = busy(lab)

    def draw() -> None:
        if watched and not busy(lab):
            st.rerun()
        st.caption(status_words(lab))

    refreshed(draw, every_s=EVERY_S if watched else None)


def _notices(lab: Lab) -> None:
    """Shows what happened when the lab was opened, until a viewer says that it was read; and whether one may only look."""
    if lab.store.read_only:
        st.warning(escaped(lab.store.read_only), icon="🔒")
    if not lab.notices:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("ℹ️ " + "  \n".join(escaped(notice) for notice in lab.notices), width="stretch")
        if st.button(_("Understood"), key="notices-read", help=_("Takes this remark away, for all who look.")):
            lab.notices.clear()
            st.rerun()


def status_words(lab: Lab) -> str:
    """Returns the line, as Markdown."""
    unfinished = lab.store.unfinished()
    live, waiting = ([run for run in unfinished if run.state.live is live] for live in (True, False))
    if lab.store.read_only:
        return "🔒 " + _("Only to be looked at: nothing is trained here.")
    if lab.trouble:
        return "🚧 " + escaped(lab.trouble)
    if live:
        run = live[0]
        share = progress_of(run, lab.store.history(run.id), ahead=0).share
        text = f"{state_words(run.state)}: **{escaped(run.name)}** · {100 * share:.0f} %"
    elif waiting and not lab.owns_queue:
        text = "⏳ " + _("The trainer is starting, or another window or command of Flowerlab trains.")
    elif waiting:
        text = "⏳ " + _("The next run begins.")
    else:
        text = "🟢 " + _("Ready: nothing is training.")
    if waiting:
        text += " · " + _("waiting: {count}").format(count=len(waiting))
    return text
