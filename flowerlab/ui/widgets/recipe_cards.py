"""The lecture's three recipes, side by side, in a pupil's words."""

from __future__ import annotations

import streamlit as st

from flowerlab.architectures import Architecture, architecture
from flowerlab.locale import _
from flowerlab.recipe.presets import LECTURE, PRESETS, preset_recipe
from flowerlab.ui.base.text import trainable_of, what_parameters_are


def recipe_cards(backbone: str, *, classes: int) -> None:
    """Draws a card for each of A, B and C; these two begin with the backbone."""
    grid = st.grid(columns=len(LECTURE), min_column_width=250, border=True, gap="medium")
    for letter in LECTURE:
        with grid.cell():
            _card(letter, backbone, classes)


def _card(letter: str, backbone: str, classes: int) -> None:
    recipe = preset_recipe(letter, architecture=backbone)
    counts = recipe.counts(classes)
    st.markdown(f"#### {letter} · {_(PRESETS[letter].title)}")
    st.markdown(_story(letter, architecture(backbone)))
    st.caption(trainable_of(counts.trainable, counts.total), help=what_parameters_are())


def _story(letter: str, network: Architecture) -> str:
    if letter == "A":
        return _("A small network that has never seen a picture. It must learn everything: what an edge is, what a petal is.")
    if letter == "B" and network.pretrained == "flowerlab":
        text = _(
            "{network} was taught by a network that has looked at a million photos. What it knows is frozen ❄; only a new "
            "head on top learns which flower is which."
        )
    elif letter == "B":
        text = _(
            "{network} has looked at a million photos before. What it knows is frozen ❄; only a new head on top learns "
            "which flower is which."
        )
    else:
        text = _("Goes on from B and lets the last layers of {network} learn too. Is it better still? Watch, then compare.")
    return text.format(network=network.title)
