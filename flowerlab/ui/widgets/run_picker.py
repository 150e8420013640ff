"""Choosing finished runs, and their colour mark: shared by the pages that compare and classify."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from flowerlab.charts.colours import run_colour
from flowerlab.locale import _
from flowerlab.packs.starter import bring_starter
from flowerlab.runs.run import Run, told_apart
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from flowerlab.ui.widgets.run_search import find_runs

QUERY = "runs"
# What a widget offers is kept for each open page until that page is forgotten, and a class has some hundred open: were all runs
# offered everywhere, the web process would grow with their number times that of the pages. More than this is not scrolled through.
MOST_OFFERED = 60


def pick_runs(finished: Sequence[Run], *, key: str, default: int, most: int, help: str, finder: bool = False) -> list[Run]:
    """Lets one choose among finished runs; the choice is in the URL (`?runs=id,id`) and survives a visit elsewhere.

    The newest can be chosen by their names, all of them from a table that a click opens.

    Args:
        finished: Newest first.
        default: How many of the newest are chosen at first.
        finder: Whether the table is there too where the names offer all runs.

    Returns:
        The chosen runs in the order of their numbers, so that a figure does not change when they are picked in another.
    """
    by_id = {run.id: run for run in finished}
    _take_over_url(by_id, key=key, most=most)
    if key in st.session_state:
        st.session_state[key] = [run_id for run_id in st.session_state[key] if run_id in by_id][:most]
    else:
        st.session_state[key] = list(by_id)[:default]
    # A browser sends names back: of two that are alike one could never be chosen.
    names = told_apart(offered(finished, st.session_state[key]))
    chosen = st.multiselect(
        _("Runs"),
        list(names),
        format_func=names.__getitem__,
        key=key,
        help=help,
        max_selections=most,
        placeholder=_("Choose runs"),
        persist_state="session",
    )
    if finder or len(finished) > MOST_OFFERED:
        find_runs(lab(), finished, picker=key, most=most)
    written = ",".join(chosen)
    st.session_state[f"{key}-url"] = written
    if written:
        st.query_params[QUERY] = written
    else:
        st.query_params.pop(QUERY, None)
    return sorted((by_id[run_id] for run_id in chosen), key=lambda run: run.number)


def _take_over_url(by_id: dict[str, Run], *, key: str, most: int) -> None:
    """A link beats what was chosen before; an id that is not a finished run's is passed over."""
    asked = st.query_params.get(QUERY, "")
    if not asked or asked == st.session_state.get(f"{key}-url"):
        return
    known = [run_id for run_id in dict.fromkeys(asked.split(",")) if run_id in by_id][:most]
    if known:
        st.session_state[key] = known
    else:
        st.info(_("The link names no finished run of this lab. Choose runs here."))


def pick_one(runs: Sequence[Run], label: str, *, key: str) -> Run:
    """Lets one choose the run that is shown, where several are compared."""
    if len(runs) == 1:
        return runs[0]
    names = {run.id: run.name for run in runs}
    chosen = st.segmented_control(
        label,
        list(names),
        format_func=names.__getitem__,
        default=runs[0].id,
        required=True,
        wrap=True,
        key=f"{key}-{'-'.join(names)}",
    )
    return next(run for run in runs if run.id == chosen)


def run_title(run: Run) -> None:
    """Writes a run's name after its colour mark."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        colour_mark(run)
        st.markdown(f"**{escaped(run.name)}**", width="stretch")


def mistakes_link(*runs: Run) -> None:
    """Leads to the page on which mistakes are looked at: of one run, or of several side by side, epoch by epoch."""
    if len(runs) == 1:
        label, query = _("See where it errs"), {}
    else:
        label, query = _("See where they err, epoch by epoch"), {"view": "epochs"}
    ids = ",".join(run.id for run in runs)
    st.page_link("pages/mistakes.py", label=label, icon="🔎", query_params={QUERY: ids, **query})


def colour_mark(run: Run) -> None:
    """Draws a run's colour as a dot."""
    # It holds nothing that anybody typed.
    st.html(
        f'<div aria-hidden="true" style="width:1rem;height:1rem;border-radius:50%;background:{run_colour(run.number)}"></div>',
        width="content",
    )


def nothing_finished(sentence: str) -> None:
    """The empty state: says what to do first and offers the way there."""
    st.info(sentence, icon="🌱")
    with st.container(horizontal=True):
        if st.button(_("Go to Home and run the lecture"), type="primary", key="go-home"):
            st.switch_page("pages/home.py")
        if st.button(
            _("Bring the starter back"),
            key="bring-starter",
            help=_("The classifier that comes with Flowerlab: it was trained on photos of five kinds of flower."),
        ):
            if bring_starter(lab().home, lab().store, again=True):
                st.rerun()
            st.error(
                _("The starter could not be brought back. Is there room on the disk, and is Flowerlab's folder whole?"), icon="🚧"
            )


def offered(runs: Sequence[Run], chosen: Collection[str | None] = ()) -> list[Run]:
    """Returns which of hundreds of runs, newest first, a widget offers: `MOST_OFFERED`, and those with the ids that are chosen."""
    return [run for place, run in enumerate(runs) if place < MOST_OFFERED or run.id in chosen]
