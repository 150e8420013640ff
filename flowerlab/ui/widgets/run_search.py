"""Finding runs among hundreds: filters, a table of what is left, and rows that one picks from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import streamlit as st

from flowerlab.architectures import architecture
from flowerlab.datasets.catalog import dataset_title
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.columns import finished_of
from flowerlab.runs.run import Run
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.text import state_words
from flowerlab.ui.widgets.run_table import column_words, download_csv, shown_table

ROWS_PX = 330


@fragment()
def find_runs(lab: Lab, finished: Sequence[Run], *, picker: str, most: int) -> None:
    """Draws the table of all finished runs, which a click opens, with filters; selected rows become the choice of `pick_runs`.

    A part of its own: opening it, or a filter, draws nothing else of the page again.
    """
    found = st.expander(
        _("Find runs: filter and sort all {count}").format(count=len(finished)), icon="🔎", key="find-runs", on_change="rerun"
    )
    # What is shut costs nothing.
    if found.open:
        with found:
            _search(lab, finished, picker=picker, most=most)


def _search(lab: Lab, finished: Sequence[Run], *, picker: str, most: int) -> None:
    left = _filtered(finished)
    if not left:
        st.info(_("No run is like this. Take a filter away."), icon="🔎")
        return
    st.caption(
        _(
            "{left} of {count} runs. Click a heading to sort; tick up to {most} rows (by keyboard: Shift and Space), then press the "
            "button under the table."
        ).format(left=len(left), count=len(finished), most=most)
    )
    rows = [finished_of(lab.store, run) for run in left]
    # Other rows are another table: a tick stands for a place in it.
    key = "found-" + str(hash(tuple(run.id for run in left)))
    table = st.dataframe(
        shown_table(rows),
        hide_index=True,
        column_config=column_words(),
        key=key,
        on_select="rerun",
        selection_mode="multi-row",
        height=min(ROWS_PX, 38 * (len(left) + 1)),
        alt=_("A table of all finished runs that fit the filters, one row a run."),
    )
    picked = [left[place].id for place in table.selection.rows if place < len(left)]
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            _("Choose these {count}").format(count=len(picked)) if picked else _("Choose the ticked runs"),
            type="primary",
            key="found-choose",
            disabled=not 0 < len(picked) <= most,
            on_click=st.session_state.update,
            args=({picker: picked},),
        )
        if pressed:
            st.rerun()
        download_csv(rows, key="found-csv")
        if len(picked) > most:
            st.caption(_("At most {most} runs can be chosen at once.").format(most=most))


def _filtered(finished: Sequence[Run]) -> list[Run]:
    """Draws the filters; each offers only what there is."""
    grid = st.grid(columns=5, min_column_width=150, gap="small")
    with grid.cell():
        words = (
            st.text_input(
                _("Name or recipe"),
                key="find-text",
                type="search",
                persist_state="session",
                help=_("Words, or beginnings of words, of the name or the recipe, for example: block4 seed 2."),
            )
            or ""
        )
    with grid.cell():
        networks = _among(
            _("Architecture"),
            "find-architecture",
            finished,
            lambda run: run.recipe.architecture,
            lambda name: architecture(name).title,
        )
    with grid.cell():
        datasets = _among(_("Data set"), "find-dataset", finished, lambda run: run.recipe.dataset, dataset_title)
    with grid.cell():
        splits = _among(
            _("Split"),
            "find-split",
            finished,
            lambda run: run.recipe.split,
            lambda name: _("leak") if name == "lecture" else _("honest"),
        )
    with grid.cell():
        states = _among(_("State"), "find-state", finished, _state, lambda name: name)
    # A word is found at the beginning of one: `2` shall not find a seed of 12.
    asked = [re.compile(rf"(?<!\w){re.escape(word)}") for word in words.casefold().split()]
    return [
        run
        for run in finished
        if all(word.search(_searched(run)) for word in asked)
        and run.recipe.architecture in networks
        and run.recipe.dataset in datasets
        and run.recipe.split in splits
        and _state(run) in states
    ]


def _among(label: str, key: str, finished: Sequence[Run], of: Callable[[Run], str], words: Callable[[str], str]) -> set[str]:
    """Lets one choose among the values that runs have; nothing chosen means all."""
    values = sorted({of(run) for run in finished})
    if key in st.session_state:
        st.session_state[key] = [value for value in st.session_state[key] if value in values]
    chosen = st.multiselect(label, values, format_func=words, key=key, placeholder=_("all"), persist_state="session")
    return set(chosen or values)


def _state(run: Run) -> str:
    tested = run.result is not None and run.result.test_accuracy is not None
    return f"{state_words(run.state)}, {_('tested') if tested else _('not tested')}"


def _searched(run: Run) -> str:
    """All that free text is looked up in."""
    knobs = " ".join(f"{name} {value}" for name, value in run.recipe.to_query().items())
    return f"{run.name} {knobs} seed {run.recipe.seed}".casefold()
