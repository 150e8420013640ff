"""The lecture's recipes as one click each: they fill the form."""

from __future__ import annotations

from typing import Any

import streamlit as st

from flowerlab.architectures import Architecture, architecture
from flowerlab.errors import BadRecipe
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.recipe.presets import PRESETS, preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.ui.base.class_link import PRESETS as PRESET_BUTTONS
from flowerlab.ui.base.class_link import is_hidden
from flowerlab.ui.base.lab import lab
from flowerlab.ui.train.recipe_form import fill, key_of, sources

KEY = "train-preset"
# What a preset leaves as it is: which photos, and which random numbers.
SHARED = ("dataset", "split", "resize", "image_size", "seed")


def letter_of(recipe: Recipe, *, from_run: bool) -> str | None:
    """Returns which of the lecture's recipes this one is, None if it is another; it may start from a run that is not there yet."""
    shared = {name: getattr(recipe, name) for name in SHARED}
    for letter, preset in PRESETS.items():
        if (preset.starts_from is not None) != from_run:
            continue
        try:
            wanted = preset_recipe(
                letter, architecture=recipe.architecture, weights=recipe.weights, start_from=recipe.start_from, shared=shared
            )
        except BadRecipe:
            continue
        if wanted == recipe:
            return letter
    return None


def presets_bar(letter: str | None) -> None:
    """Draws the presets, unless a link hides them; the one that the form shows now, see `letter_of`, is marked."""
    if is_hidden(PRESET_BUTTONS):
        return
    # The mark follows the form: turn one knob, and it is no longer the lecture's recipe.
    st.session_state[KEY] = letter
    st.segmented_control(
        _("The lecture's recipes"),
        list(PRESETS),
        format_func=lambda key: key if len(key) == 1 else _("C, gently"),
        key=KEY,
        on_change=_use,
        width="stretch",
        help="\n\n".join(f"**{key}** · {_(preset.title)}: {_(preset.sentence)}" for key, preset in PRESETS.items()),
    )
    if letter is None:
        st.caption(_("Your own recipe. A click above brings back one of the lecture's."))
    else:
        st.caption(f"**{_(PRESETS[letter].title).capitalize()}.** {_(PRESETS[letter].sentence)}")


def _use() -> None:
    """Fills the form with the preset that was clicked."""
    letter = st.session_state[KEY]
    if letter is None:
        return
    opened = lab()
    backbone = _backbone(opened)
    shared = _shared(architecture("handmade" if letter == "A" else backbone))
    if PRESETS[letter].starts_from is None:
        fill(preset_recipe(letter, architecture=backbone, shared=shared))
        return
    source = next((run for run in sources(opened, backbone) if _is_b(run)), None)
    if source is None:
        fill(preset_recipe(letter, architecture=backbone, shared=shared), new_b=True)
        return
    shared |= {name: getattr(source.recipe, name) for name in (*SHARED, "head")}
    fill(preset_recipe(letter, architecture=backbone, weights=source.recipe.weights, start_from=source.id, shared=shared))


def _shared(chosen: Architecture) -> dict[str, Any]:
    """The form's knobs that a preset leaves as they are, as far as the preset's network can have them."""
    shared = {name: st.session_state[key_of(name, "")] for name in SHARED if key_of(name, "") in st.session_state}
    if "image_size" in shared:
        shared["image_size"] = min(max(shared["image_size"], chosen.smallest_px), chosen.largest_px)
    return shared


def _backbone(opened: Lab) -> str:
    """The network that the form shows, if it can be fine-tuned; else the newest B's, else the one to offer first."""
    known = opened.data.backbones()
    shown = st.session_state.get(key_of("architecture", ""))
    if shown in known:
        return str(shown)
    return next((run.recipe.architecture for run in opened.store.all() if _is_b(run)), known[0])


def _is_b(run: Run) -> bool:
    return run.recipe.unfreeze_from == "none" and run.recipe.start_from is None
