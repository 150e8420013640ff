"""Choosing one of a few, each in sight; the choice is kept when one leaves the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import streamlit as st

from flowerlab.locale import _
from flowerlab.ui.base.text import class_words

# The choice of all classes.
ALL = -1
QUERY = "view"

Word = TypeVar("Word", bound=str)


def pick_view(words: Mapping[str, str], *, key: str, help: str) -> str:
    """Lets one choose a view as `choose_word` does; a link (`?view=epochs`) opens it, unless the word in it names no view."""
    asked = st.query_params.get(QUERY)
    # A link beats what was chosen before, and a callback may have chosen since the address was written.
    if asked in words and asked != st.session_state.get(f"{key}-url"):
        st.session_state[key] = asked
    view = choose_word(_("Look at"), words, key=key, help=help)
    st.session_state[f"{key}-url"] = st.query_params[QUERY] = view
    return view


def choose_word(label: str, words: Mapping[Word, str], *, key: str, help: str | None = None) -> Word:
    """Lets one choose one of a few words (what is returned: what one reads); at first it is the first one."""
    first = next(iter(words))
    st.session_state.setdefault(key, first)
    chosen = st.segmented_control(
        label, list(words), format_func=words.__getitem__, required=True, key=key, persist_state="session", wrap=True, help=help
    )
    return chosen or first


def choose_class(label: str, classes: Sequence[str], *, key: str) -> int:
    """Lets one choose a class by its glyph and name; returns its label, or `ALL`, which is chosen at first."""
    chosen: int | None = st.pills(
        label,
        [ALL, *range(len(classes))],
        format_func=lambda one: _("all") if one == ALL else class_words(classes, one),
        default=ALL,
        required=True,
        key=key,
        persist_state="session",
        wrap=True,
    )
    return ALL if chosen is None else chosen
