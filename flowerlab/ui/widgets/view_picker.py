"""Choosing what a page shows; the choice is in the address, in a word that no translation changes."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from flowerlab.locale import _

QUERY = "view"


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
    st.session_state.setdefault(key, next(iter(words)))
    view = str(
        st.segmented_control(
            _("Look at"),
            list(words),
            format_func=words.__getitem__,
            required=True,
            key=key,
            persist_state="session",
            wrap=True,
            help=help,
        )
    )
    st.session_state[f"{key}-url"] = st.query_params[QUERY] = view
    return view
