"""Which cell of which matrix is open: a click in a chart and a choice in a table come to the same."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from flowerlab.charts.heatmap import cell_at
from flowerlab.evaluation.confusion import Cell

# Where one cell of several matrices is open.
MATRICES, MINUS, OVER_EPOCHS = "opened-cell-matrices", "opened-cell-minus", "opened-cell-epochs"
LAST = "compare-last-cells"
CLOSED = "compare-cells-closed"


@dataclass(frozen=True)
class Opened:
    """A cell whose photos are shown.

    Args:
        matrix: Names the matrix, see `open_cell`.
        cell: Which of its cells.
    """

    matrix: str
    cell: Cell


def open_cell(place: str, matrix: str) -> Cell | None:
    """Returns the open cell of a matrix; None if another matrix of that place has it, or none.

    Args:
        place: Where, see `MATRICES`.
        matrix: What names the matrix on the page.
    """
    opened: Opened | None = st.session_state.get(place)
    return opened.cell if opened is not None and opened.matrix == matrix else None


def close_cell(place: str) -> None:
    """Closes the open cell of a place; nothing is chosen in its table then, so that the same cell can be chosen again."""
    if st.session_state.pop(place, None) is not None:
        st.session_state[CLOSED] = st.session_state.get(CLOSED, 0) + 1


def table_key(matrix: str) -> str:
    """Returns the key of a matrix's table: another one after each closing, for a table tells of no choice that it has already."""
    return f"{matrix}-table-{st.session_state.get(CLOSED, 0)}"


def on_click(place: str, matrix: str, classes: int) -> Callable[[], None]:
    """Returns what a chart calls when one of its cells was clicked.

    Args:
        place: Where, see `MATRICES`.
        matrix: What names the matrix, and the key of its chart.
        classes: How many.
    """
    return functools.partial(_clicked, place, matrix, classes)


def on_choice(place: str, matrix: str, key: str, columns: Sequence[str]) -> Callable[[], None]:
    """Returns what a table calls when one of its cells was chosen.

    Args:
        place: Where, see `MATRICES`.
        matrix: What names the matrix.
        key: Of the table.
        columns: Names of its columns in label order.
    """
    return functools.partial(_chosen, place, matrix, key, tuple(columns))


def _clicked(place: str, matrix: str, classes: int) -> None:
    found = [index for group in st.session_state[matrix].selection.selected for index in group["data_indices"]]
    _take(place, matrix, matrix, cell_at(int(found[0]), classes) if found else None)


def _chosen(place: str, matrix: str, key: str, columns: tuple[str, ...]) -> None:
    found: list[Any] = [(row, name) for row, name in st.session_state[key].selection.cells if name in columns]
    _take(place, matrix, key, Cell(int(found[0][0]), columns.index(found[0][1])) if found else None)


def _take(place: str, matrix: str, key: str, cell: Cell | None) -> None:
    """Opens a cell. Nothing is closed by a second click: who double-clicks wants to see the photos, too.

    A browser takes the choice back when a cell is clicked again, and says that nothing is chosen: it is the last one, then.
    """
    last: dict[str, Cell] = st.session_state.setdefault(LAST, {})
    cell = last.get(key) if cell is None else cell
    if cell is not None:
        last[key] = cell
        st.session_state[place] = Opened(matrix, cell)
