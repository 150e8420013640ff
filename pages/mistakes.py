"""Mistakes: what a run mixes up, and which photos these are."""

from __future__ import annotations

import streamlit as st

from flowerlab.inference.classify import finished_runs
from flowerlab.locale import _
from flowerlab.results.answers import MOST_RUNS
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run, named_apart
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.lab import lab
from flowerlab.ui.mistakes.calibration_view import show_calibration
from flowerlab.ui.mistakes.duplicates import duplicates_of, how_they_are_found, search_panel, show_duplicates
from flowerlab.ui.mistakes.epochs_view import show_epochs
from flowerlab.ui.mistakes.gallery import show_worst
from flowerlab.ui.widgets.choice import pick_view
from flowerlab.ui.widgets.run_picker import nothing_finished, pick_one, pick_runs

WORST, EPOCHS, CALIBRATION, DUPLICATES = "worst", "epochs", "calibration", "duplicates"


def main() -> None:
    """Lays out the page."""
    st.title(_("Mistakes"))
    st.markdown(_("See where a run errs, which photos are behind it, and how it came to that."))
    finished = finished_runs(lab().store, lab().home)
    if not finished:
        nothing_finished(_("No finished run yet. Train one first; its mistakes will be here to look at."))
        return
    runs = pick_runs(
        finished,
        key="mistakes-runs",
        default=1,
        most=MOST_RUNS,
        help=_("One run, or up to six side by side. The link in the address bar brings back the same choice."),
    )
    if not runs:
        st.info(_("Choose a run above."), icon="👆")
        return
    runs = named_apart(runs)
    words = {WORST: _("Worst photos"), EPOCHS: _("Epoch by epoch"), CALIBRATION: _("Calibration"), DUPLICATES: _("Near-duplicates")}
    view = pick_view(
        words,
        key="mistakes-view",
        help=_(
            "Test photos with the largest loss; validation photos after each epoch; how far its sureness can be trusted; "
            "photos that show the same."
        ),
    )
    # A part of its own: what is chosen in it does not draw the rest of the page again.
    refreshed(lambda: show(view, runs), every_s=None)


def show(view: str, runs: list[Run]) -> None:
    """Draws what is looked at."""
    if view == EPOCHS:
        show_epochs(lab(), runs)
    elif view == CALIBRATION:
        show_calibration(lab(), runs)
    elif view == DUPLICATES:
        show_pairs(pick_one(runs, _("Photos of"), key="mistakes-one"))
    else:
        show_worst(lab(), pick_one(runs, _("Photos of"), key="mistakes-one"))


def show_pairs(run: Run) -> None:
    """The near-duplicates among a run's photos."""
    originals = run_photos(lab().home, lab().store, lab().data, run)
    if originals is None:
        st.info(_("The photos of this run are not in the lab. Bring them in on the Data page."), icon="🗂️")
        return
    st.caption(how_they_are_found())
    found = duplicates_of(lab(), run, originals)
    if found is None:
        search_panel(lab(), originals)
    else:
        show_duplicates(found, originals, leaky_split=run.recipe.split == "lecture", key=f"twins-{run.id}")


main()
