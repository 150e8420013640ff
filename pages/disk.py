"""Disk: what runs and caches take, what may go, and what goes by itself."""

from __future__ import annotations

import streamlit as st

from flowerlab.locale import _
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.lab import lab
from flowerlab.ui.disk.retention_view import retention_view
from flowerlab.ui.disk.summary import disk_summary
from flowerlab.ui.disk.table import disk_table
from flowerlab.ui.disk.trash_view import trash_view

LOOK_S = 0.5


def main() -> None:
    """Lays out the page."""
    st.title(_("Disk"))
    st.markdown(_("See what runs and caches take, tick what nobody needs, and free it. Runs can be brought back."))
    usage = lab().usage.look()
    if usage is None or lab().usage.busy:
        refreshed(wait, every_s=LOOK_S)
    if usage is None:
        return
    disk_summary(usage)
    disk_table(lab(), usage)
    trash_view(lab(), usage)
    retention_view(lab())


def wait() -> None:
    """Says that the disk is being measured, and draws the page again when it was."""
    if not lab().usage.busy:
        st.rerun()
    st.caption("📏 " + _("Measuring the disk …"))


main()
