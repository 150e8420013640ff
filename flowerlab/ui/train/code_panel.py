"""The recipe of the form as code: what the sliders mean, written in plain Keras, as they stand."""

from __future__ import annotations

import streamlit as st

from flowerlab.errors import FlowerlabError
from flowerlab.export.program.program import recipe_code
from flowerlab.export.program.stages import chain_of
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.recipe.recipe import Recipe
from flowerlab.ui.base.class_link import CODE, is_hidden
from flowerlab.ui.base.messages import show_error
from flowerlab.ui.train.start_button import b_recipe

HEIGHT_PX = 520


def code_panel(lab: Lab, recipe: Recipe, *, new_b: bool) -> None:
    """Draws the panel, shut at first; if a new B comes first, the recipe has no `start_from` yet."""
    if is_hidden(CODE):
        return
    with st.expander(_("🐍 These sliders as Keras code"), key="code"):
        try:
            before = [b_recipe(recipe)] if new_b else []
            if recipe.start_from is not None:
                before = [run.recipe for run in chain_of(lab.store, lab.store.get(recipe.start_from))]
            text = recipe_code(lab.data, [*before, recipe])
        except FlowerlabError as error:
            show_error(error)
            return
        st.caption(
            _("Move a slider and watch which line changes. When a run is done, its page gives you this as a script or notebook.")
        )
        st.code(text, language="python", height=HEIGHT_PX, wrap_lines=True)
