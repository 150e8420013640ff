"""Numbers in sentences that open the photos they count: buttons, one of which is open at a place of the page."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import streamlit as st

from flowerlab.locale import _


def photo_button(label: str, what: Hashable, *, place: str) -> None:
    """Draws a sentence as a button that opens its photos. Pressing it twice leaves them open.

    Args:
        label: The sentence, in Markdown.
        what: Tells which photos they are; `opened_at` returns it.
        place: Of the page; one of its buttons is open at a time.
    """
    sign = "▾" if opened_at(place) == what else "▸"
    # Coloured as a link is, for a tertiary button looks like any sentence.
    st.button(
        f":primary[{sign} {label}]",
        key=f"{place}-{what}",
        type="tertiary",
        wrap=True,
        on_click=open_at,
        args=(place, what),
        help=_("Opens these photos."),
    )


def open_at(place: str, what: Hashable) -> None:
    """Opens photos of a place, and closes those that were open there.

    Args:
        place: Of the page.
        what: Tells which photos they are.
    """
    st.session_state[_key(place)] = what


def opened_at(place: str) -> Any:
    """Returns what tells the open photos of a place; None if none are open."""
    return st.session_state.get(_key(place))


def close_at(place: str) -> None:
    """Closes the open photos of a place."""
    st.session_state.pop(_key(place), None)


def _key(place: str) -> str:
    return f"{place}-photos-open"
