"""Which stretch of which reliability diagram is open: a click in the chart and a choice in its table come to the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

OPENED = "mistakes-opened-bin"
LAST = "mistakes-last-bins"
CLOSED = "mistakes-bins-closed"


@dataclass(frozen=True)
class OpenedBin:
    """A stretch whose photos are shown.

    Args:
        run_id: Whose diagram.
        place: Of the stretch, 0-based.
    """

    run_id: str
    place: int


def open_bin(run_id: str) -> int | None:
    """Returns the open stretch of a run's diagram; None if another run has it, or none."""
    opened: OpenedBin | None = st.session_state.get(OPENED)
    return opened.place if opened is not None and opened.run_id == run_id else None


def close_bin() -> None:
    """Closes the open stretch; nothing is chosen in its table then, so that the same one can be chosen again."""
    if st.session_state.pop(OPENED, None) is not None:
        st.session_state[CLOSED] = st.session_state.get(CLOSED, 0) + 1


def bin_table_key(run_id: str) -> str:
    """Returns the key of a diagram's table: another one after each closing, for a table tells of no choice that it has already."""
    return f"reliability-table-{run_id}-{st.session_state.get(CLOSED, 0)}"


def on_bin_click(run_id: str, key: str, series: Sequence[Sequence[int]]) -> Callable[[], None]:
    """Returns what a diagram calls when something in it was clicked.

    Args:
        run_id: Whose diagram.
        key: Of the chart.
        series: Of each series that can be clicked, the stretch of each of its data.
    """
    return functools.partial(_clicked, run_id, key, series)


def on_bin_choice(run_id: str, key: str, places: Sequence[int]) -> Callable[[], None]:
    """Returns what a table calls when one of its cells was chosen.

    Args:
        run_id: Whose diagram.
        key: Of the table.
        places: The stretch of each row.
    """
    return functools.partial(_chosen, run_id, key, tuple(places))


def _clicked(run_id: str, key: str, series: Sequence[Sequence[int]]) -> None:
    selected = {
        (group["series_index"], index)
        for group in st.session_state[key].selection.selected
        for index in group["data_indices"]
        if group["series_index"] < len(series)
    }
    lasts: dict[str, set[tuple[int, int]]] = st.session_state.setdefault(LAST, {})
    last = lasts.get(key, set())
    lasts[key] = selected
    # Each series has a choice of its own, and a second click takes it back: what changed is what was clicked.
    for number, index in (*sorted(selected - last), *sorted(last - selected)):
        st.session_state[OPENED] = OpenedBin(run_id, series[number][index])
        return


def _chosen(run_id: str, key: str, places: tuple[int, ...]) -> None:
    rows = [row for row, _column in st.session_state[key].selection.cells]
    if rows:
        st.session_state[OPENED] = OpenedBin(run_id, places[int(rows[0])])
