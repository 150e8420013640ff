"""What is open at a place of a page: a click in a chart, a choice in a table and a button all open the same photos.

A place holds one open thing. It may belong to a part of the place, such as one of several matrices: then it is open there alone.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from flowerlab.locale import _

LAST = "open-choice-last"


def open_at(place: str, what: Any, *, part: str = "") -> None:
    """Opens something at a place, and closes what was open there."""
    st.session_state[f"{place}-open"] = (part, what)


def opened_at(place: str, *, part: str = "") -> Any:
    """Returns what is open at a place; None if nothing is, or another part of the place has it."""
    opened = st.session_state.get(f"{place}-open")
    return opened[1] if opened is not None and opened[0] == part else None


def close_at(place: str) -> None:
    """Closes what is open at a place; nothing is chosen in its tables then, so that the same can be chosen again."""
    if st.session_state.pop(f"{place}-open", None) is not None:
        st.session_state[f"{place}-closed"] = st.session_state.get(f"{place}-closed", 0) + 1


def table_key(place: str, table: str) -> str:
    """Returns the key of a table: another one after each closing, for a table reports no choice that it has already."""
    return f"{table}-table-{st.session_state.get(f'{place}-closed', 0)}"


def on_click(place: str, key: str, what: Callable[[int, int], Any], *, part: str = "") -> Callable[[], None]:
    """Returns what a chart calls when something in it was clicked: what (series, index) stand for opens, unless that is None."""

    def clicked() -> None:
        groups = st.session_state[key].selection.selected
        _open(
            place, part, key, {(group.get("series_index", 0), index) for group in groups for index in group["data_indices"]}, what
        )

    return clicked


def on_choice(place: str, key: str, what: Callable[[int, str], Any], *, part: str = "") -> Callable[[], None]:
    """Returns what a table calls when one of its cells was chosen: what (row, column's name) stand for opens, unless that is None."""
    return lambda: _open(place, part, key, {(int(row), name) for row, name in st.session_state[key].selection.cells}, what)


def _open(place: str, part: str, key: str, chosen: set[tuple[int, Any]], what: Callable[[int, Any], Any]) -> None:
    """Opens what was newly chosen. A second click takes a choice back, and opens it all the same: a double click shall show photos."""
    lasts: dict[str, set[tuple[int, Any]]] = st.session_state.setdefault(LAST, {})
    last, now = lasts.get(key, set()), {one for one in chosen if what(*one) is not None}
    lasts[key] = now
    for one in (*sorted(now - last), *sorted(last - now)):
        open_at(place, what(*one), part=part)
        return


def photo_button(label: str, what: Hashable, *, place: str) -> None:
    """Draws a sentence, in Markdown, as a button that opens its photos. Pressing it twice leaves them open."""
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
