"""Train: choose a recipe, start it, watch it learn."""

from __future__ import annotations

from contextlib import nullcontext

import streamlit as st

from flowerlab.errors import BadRecipe
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.recipe.recipe import Recipe
from flowerlab.ui.base.class_link import SWEEP, is_hidden
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.messages import show_error
from flowerlab.ui.base.streamlit_seams import show_last_column_first_when_narrow
from flowerlab.ui.train.code_panel import code_panel
from flowerlab.ui.train.link_builder import link_section
from flowerlab.ui.train.live_view import live_view
from flowerlab.ui.train.presets_bar import letter_of, presets_bar
from flowerlab.ui.train.recipe_form import NEW_B, any_other_shown, other_knobs, recipe_form
from flowerlab.ui.train.recipe_link import read_link, write_link
from flowerlab.ui.train.recipe_notes import show_estimate, show_notes, show_warnings, show_what_learns
from flowerlab.ui.train.start_button import start_button
from flowerlab.ui.train.sweep_form import sweep_section


def main() -> None:
    """Lays out the page."""
    st.title(_("Train"))
    st.markdown(_("Choose a recipe, press Start, and watch the network learn."))
    if "run" in st.query_params:
        # Who came to watch a run sees it first.
        show_last_column_first_when_narrow("train")
    read_link()
    with st.container(key="train"):
        form, live = st.columns([2, 3], gap="large")
    with form:
        shown = show_form(lab())
    with live:
        if shown is not None:
            code_panel(lab(), shown[0], new_b=shown[1])
        live_view(lab())


def show_form(opened: Lab) -> tuple[Recipe, bool] | None:
    """Draws the knobs; returns the recipe and whether a B is trained before it, None if they make no recipe."""
    top = st.container()
    chosen, values = recipe_form(opened)
    meaning = st.container()
    with st.expander(_("More knobs: photos, weights, head …")) if any_other_shown() else nullcontext():
        values |= other_knobs(opened, chosen)
    new_b = values["start_from"] == NEW_B
    try:
        recipe = Recipe.parse({**values, "start_from": None if new_b else values["start_from"]})
    except BadRecipe as error:
        with top:
            presets_bar(None)
        with meaning:
            show_error(error)
        return None
    letter = letter_of(recipe, from_run=new_b or recipe.start_from is not None)
    with top:
        presets_bar(letter)
    with meaning:
        try:
            show_what_learns(opened, recipe)
            estimate = opened.estimates.of(recipe)
            show_estimate(estimate)
        except BadRecipe as error:
            show_error(error)
            return None
        show_warnings(recipe)
        start_button(opened, recipe, letter=letter, new_b=new_b, refused=estimate.refusal)
        show_notes(opened, recipe, estimate)
    if not new_b and not is_hidden(SWEEP):
        sweep_section(opened, recipe)
    link_section(recipe)
    write_link(recipe)
    return recipe, new_b


main()
