"""Inside: how a trained network sees a photo."""

from __future__ import annotations

import streamlit as st

from flowerlab.inference.classify import finished_runs, warm_predictor
from flowerlab.locale import _
from flowerlab.runs.run import Run, named_apart
from flowerlab.ui.base.fragments import refreshed
from flowerlab.ui.base.lab import lab
from flowerlab.ui.explain.gradcam import show_where
from flowerlab.ui.explain.photo_choice import pick_photo
from flowerlab.ui.inside.embedding_map import show_map
from flowerlab.ui.inside.layers_view import show_layers
from flowerlab.ui.widgets.choice import pick_view
from flowerlab.ui.widgets.run_picker import nothing_finished, pick_one, pick_runs

MOST_RUNS = 2
WHERE, LAYERS, MAP = "where", "layers", "map"


def main() -> None:
    """Lays out the page."""
    st.title(_("Inside"))
    st.markdown(
        _("Look into a trained network: where it looks in a photo, what its layers make of it, which photos are alike to it.")
    )
    finished = finished_runs(lab().store, lab().home)
    if not finished:
        nothing_finished(_("No finished run yet. Train one first; then it can be looked into here."))
        return
    warm_predictor(lab().predictor, lab().home, finished)
    runs = pick_runs(
        finished,
        key="inside-runs",
        default=1,
        most=MOST_RUNS,
        help=_("One run, or two: then you also see the difference of where they look."),
    )
    if not runs:
        st.info(_("Choose a run above."), icon="👆")
        return
    runs = named_apart(runs)
    words = {WHERE: _("Where it looks"), LAYERS: _("Layers"), MAP: _("Map of the test photos")}
    view = pick_view(
        words,
        key="inside-view",
        help=_(
            "The places that speak for a class; what each layer makes of the photo; all test photos, near where they are alike."
        ),
    )
    # A part of its own: what is chosen in it does not draw the rest of the page again.
    refreshed(lambda: show(view, runs), every_s=None)


def show(view: str, runs: list[Run]) -> None:
    """Draws what is looked at."""
    if view == MAP:
        show_map(lab(), pick_one(runs, _("Run"), key="inside-one"))
        return
    photo = pick_photo(lab(), runs)
    if photo is None:
        return
    if view == LAYERS:
        show_layers(lab(), pick_one(runs, _("Run"), key="inside-one"), photo)
    else:
        show_where(lab(), runs, photo)


main()
