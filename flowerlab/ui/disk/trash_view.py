"""The trash: runs that were deleted, each one click from coming back, and the button that empties it."""

from __future__ import annotations

import streamlit as st

from flowerlab.disk.items import Item, Kind, Usage, total_of
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import size
from flowerlab.ui.base.messages import succeeded
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.sizes import day_words, runs_words

SHOWN = 10
ROW_PX = 520


def trash_view(lab: Lab, usage: Usage) -> None:
    """Draws what lies in the trash."""
    st.subheader(_("Trash"), anchor=False)
    items = sorted(usage.of(Kind.TRASH), key=lambda item: -item.used_s)
    if not items:
        st.caption(_("The trash is empty. A run that you delete comes here first, and can be brought back."))
        return
    for item in items[:SHOWN]:
        _row(lab, item)
    if len(items) > SHOWN:
        older = len(items) - SHOWN
        st.caption(_("and an older one") if older == 1 else _("and {count} older ones").format(count=older))
    with st.popover(_("Empty the trash, {size} …").format(size=size(total_of(items))), key="trash-empty"):
        words = _("Delete {runs} for good, with models and predictions? There is no way back then.")
        st.markdown(words.format(runs=runs_words(len(items))))
        if st.button(_("Yes, delete {count} for good").format(count=len(items)), key="trash-yes"):
            stayed: list[tuple[Item, str]] = []
            well = succeeded(lambda: stayed.extend(lab.disk.free(items).stayed))
            for one, why in stayed:
                st.warning(f"{escaped(one.title)}: {escaped(why)}", icon="🔒")
            if well and not stayed:
                _again(lab)


def _row(lab: Lab, item: Item) -> None:
    # The name first and wide, then the button: so all buttons stand below each other, also on a telephone.
    with st.container(horizontal=True, vertical_alignment="center", gap="small", width=ROW_PX):
        st.markdown(f"**{escaped(item.title)}**  \n{size(item.bytes)} · {day_words(item.used_s)}", width="stretch")
        if st.button(
            _("↩ Restore"), key=f"restore-{item.key}", help=_("Brings it back with its model, curve and predictions.")
        ) and succeeded(lambda: lab.trash.restore(item.key)):
            _again(lab)


def _again(lab: Lab) -> None:
    lab.usage.forget()
    st.rerun()
