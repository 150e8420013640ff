"""A teacher's link: beside a recipe it names controls to hide (`?hide=optimizer,augment`) and pages to show (`?pages=train,compare`).

It keeps a lesson in sight and locks nothing: one who edits the address, or presses “Show everything”, sees all. What it asks for holds
for this browser window, and stays in the address, so that it outlives a reload.
"""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from flowerlab.errors import legible
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.ui.base.text import escaped

HIDE, PAGES = "hide", "pages"
# What can be hidden beside the knobs.
PRESETS, SWEEP, CODE, LINK = "presets", "sweep", "code", "link"
EXTRAS = (PRESETS, SWEEP, CODE, LINK)
KEPT, UNKNOWN = "class-link", "class-link-unknown"
MOST_UNKNOWN = 5


def read_class_link(pages: Collection[str]) -> None:
    """Takes over what the address asks for; otherwise puts back into it what this window was asked for before."""
    allowed = {HIDE: (*KNOBS, *EXTRAS), PAGES: tuple(pages)}
    asked = {key: st.query_params[key] for key in allowed if key in st.query_params}
    kept: dict[str, str] = st.session_state.get(KEPT, {})
    if asked and asked != kept:
        names = {key: [name.strip() for name in text.split(",") if name.strip()] for key, text in asked.items()}
        known = {key: [name for name in dict.fromkeys(names[key]) if name in allowed[key]] for key in names}
        st.session_state[UNKNOWN] = [name for key in names for name in names[key] if name not in allowed[key]]
        kept = st.session_state[KEPT] = {key: ",".join(found) for key, found in known.items() if found}
        for key in asked:
            st.query_params.pop(key, None)
    for key, text in kept.items():
        if st.query_params.get(key) != text:
            st.query_params[key] = text


def in_address() -> dict[str, str]:
    """Returns what must stay in the address, whatever else a page writes there."""
    return dict(st.session_state.get(KEPT, {}))


def is_hidden(control: str) -> bool:
    """Whether a control (a knob, or one of `EXTRAS`) is hidden in this window."""
    return control in st.session_state.get(KEPT, {}).get(HIDE, "").split(",")


def is_page_shown(page: str) -> bool:
    """Whether a page stands in this window's navigation."""
    wanted = st.session_state.get(KEPT, {}).get(PAGES, "")
    return not wanted or page in wanted.split(",")


def unknown_names() -> None:
    """Says in a sentence which names in the link are none of Flowerlab's."""
    unknown = st.session_state.get(UNKNOWN, [])
    if unknown:
        words = _("This link names what Flowerlab does not have; that is left aside: {names}.")
        shown = ", ".join(escaped(legible(name, 40)) for name in unknown[:MOST_UNKNOWN])
        st.info(words.format(names=shown), icon="🔗")


def way_out() -> None:
    """Says at the end of the page that something is hidden, and offers to show all."""
    if not st.session_state.get(KEPT):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_("🔗 The link you came by hides some controls or pages."), width="content")
        st.button(_("Show everything"), key="show-everything", type="tertiary", on_click=_forget)


def _forget() -> None:
    for key in (KEPT, UNKNOWN):
        st.session_state.pop(key, None)
    for key in (HIDE, PAGES):
        st.query_params.pop(key, None)
