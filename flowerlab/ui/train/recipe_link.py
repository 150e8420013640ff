"""The recipe in the address bar: a link that fills the form, and a form that writes its link."""

from __future__ import annotations

import streamlit as st

from flowerlab.errors import BadRecipe
from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.ui.base.class_link import in_address
from flowerlab.ui.base.text import escaped
from flowerlab.ui.train.recipe_form import fill

WRITTEN = "train-links"
# A slider that is dragged sends its moves with the address of a moment ago: such a link is our own, and fills nothing.
REMEMBERED = 20


def read_link() -> None:
    """Fills the form from the knobs in the address, once a link. Of a bad link a sentence is shown, and nothing is changed."""
    knobs = {name: value for name, value in st.query_params.items() if name in KNOBS}
    if not knobs or knobs in st.session_state.get(WRITTEN, []):
        return
    try:
        fill(Recipe.parse(knobs))
    except BadRecipe as error:
        st.error(_("This link holds a recipe that cannot be used.") + " " + escaped(str(error)), icon="🚧")


def write_link(recipe: Recipe) -> None:
    """Puts the form's recipe into the address; the run that is shown stays in it."""
    knobs = recipe.to_query()
    written = [link for link in st.session_state.get(WRITTEN, []) if link != knobs]
    st.session_state[WRITTEN] = [*written, knobs][-REMEMBERED:]
    run = {name: value for name, value in st.query_params.items() if name == "run"}
    wanted = {**knobs, **run, **in_address()}
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)
