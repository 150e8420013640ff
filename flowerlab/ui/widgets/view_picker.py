"""Choosing what a page shows; the choice is in the address, in a word that no translation changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import streamlit as st

from flowerlab.locale import _

QUERY = "view"

Word = TypeVar("Word", bound=str)


def pick_view(words: Mapping[str, str], *, key: str, help: str) -> str:
    """Lets one choose a view; a link (`?view=epochs`) opens it, and a word in it that names no view is passed over.

    Args:
        words: What stands in the address, and what one reads. The first one is shown where nothing was chosen.
        key: Of the widget.
        help: Of the widget.

    Returns:
        The word in the address.
    """
    asked = st.query_params.get(QUERY)
    # A link beats what was chosen before, and a callback may have chosen since the address was written.
    if asked in words and asked != st.session_state.get(f"{key}-url"):
        st.session_state[key] = asked
    view = choose_word(_("Look at"), words, key=key, wrap=True, help=help)
    st.session_state[f"{key}-url"] = st.query_params[QUERY] = view
    return view


def choose_word(label: str, words: Mapping[Word, str], *, key: str, help: str, wrap: bool = False) -> Word:
    """Lets one choose one of a few words, each in sight; the choice is kept for the session.

    Args:
        words: What is returned, and what one reads. The first one is chosen at first.
        key: Of the widget.
        help: Of the widget.
        wrap: Whether they may stand in several lines.
    """
    first = next(iter(words))
    st.session_state.setdefault(key, first)
    chosen = st.segmented_control(
        label,
        list(words),
        format_func=words.__getitem__,
        required=True,
        key=key,
        persist_state="session",
        wrap=wrap,
        help=help,
    )
    return chosen or first
