"""Train: choose a recipe, start it, watch it learn."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.strip import strip_options
from flowerlab.errors import BadRecipe, FlowerlabError, UnknownRun
from flowerlab.locale import _
from flowerlab.presets import PRESETS, preset_recipe
from flowerlab.recipe import KNOBS, Recipe
from flowerlab.ui.lab import lab
from flowerlab.ui.live_view import live_view, manage
from flowerlab.ui.recipe_form import fill, recipe_form
from flowerlab.ui.words import state_words, trainable_of

the_lab = lab()


def read_link() -> None:
    """Fills the form from a link's knobs, once a link."""
    knobs = {name: value for name, value in st.query_params.items() if name in KNOBS}
    if not knobs or st.session_state.get("train-link") == knobs:
        return
    st.session_state["train-link"] = knobs
    try:
        fill(Recipe.parse(knobs))
    except BadRecipe as error:
        st.error(_("This link holds a recipe that cannot be used. {reason}").format(reason=error))


def use_preset(letter: str) -> None:
    """Fills the form with one of the lecture's recipes; C and gently go on from the newest finished B."""
    known = [run for run in the_lab.finished() if run.recipe.unfreeze_from == "none"]
    source = known[0] if PRESETS[letter].goes_on_from and known else None
    if PRESETS[letter].goes_on_from and source is None:
        st.session_state["train-note"] = _("This recipe goes on from a run of B. Train B first, then choose it again.")
        return
    if source is None:
        fill(preset_recipe(letter))
        return
    gently = {"learning_rate": 1e-5} if letter == "gently" else {"learning_rate": 1e-3}
    unfreeze = source.recipe.chosen.fine_tune_from
    fill(source.recipe.changed(unfreeze_from=unfreeze, start_from=source.id, **gently))


def notes(recipe: Recipe) -> None:
    """Says what a student should know before the click."""
    counts = recipe.chosen.counts(
        image_size=recipe.image_size, unfreeze_from=recipe.unfreeze_from, head=recipe.head,
        classes=len(the_lab.classes_of(recipe.dataset)),
    )  # fmt: skip
    st.markdown(f"**{trainable_of(counts.trainable, counts.total)}**")
    st.echarts_chart(
        strip_options(recipe.chosen, recipe.unfreeze_from, head_layers=len(recipe.head) + 1), height=64, key="strip",
        alt=_("{count} layers; unfrozen from: {start}").format(count=len(recipe.chosen.layers), start=recipe.unfreeze_from),
    )  # fmt: skip
    if recipe.patience >= recipe.epochs:
        st.caption(
            _("Patience is not smaller than the epochs: early stopping cannot stop; it only keeps the best epoch.")
        )
    if recipe.split == "lecture":
        st.warning(
            _("This split is a leak: every test photo was seen in training, so the test accuracy will be too high.")
        )
    if recipe.augment != "none" and recipe.unfreeze_from == "none":
        st.caption(
            _("Augmentation changes the photos in every epoch, so every epoch goes through the whole network: slower.")
        )
    if recipe.weights == "imagenet" and not the_lab.weights_at_hand(recipe.architecture):
        size = recipe.chosen.weights[0].megabytes
        st.caption(_("The weights are not on this computer: {size:.0f} MB will be downloaded first.").format(size=size))


def start(recipe: Recipe, *, again: bool) -> None:
    """Starts a run, or offers the equal one that is there."""
    try:
        started = the_lab.start(recipe, again=again)
    except FlowerlabError as error:
        st.error(str(error))
        return
    if started.existing:
        st.session_state["train-note"] = _(
            "This very recipe has a run already: here it is. To train it again, tick “again”."
        )
    st.query_params.from_dict({**recipe.to_query(), "run": started.run.id})
    st.session_state["train-link"] = recipe.to_query()
    st.rerun()


st.title(_("Train"))
st.markdown(_("Choose a recipe, press Start, and watch the network learn."))
read_link()
form, live = st.columns([2, 3], gap="large")
with form:
    presets = st.columns(len(PRESETS))
    for column, (letter, preset) in zip(presets, PRESETS.items(), strict=True):
        column.button(
            letter,
            key=f"preset-{letter}",
            help=_(preset.sentence),
            on_click=use_preset,
            args=(letter,),
            width="stretch",
        )
    values = recipe_form(the_lab)
    try:
        recipe = Recipe.parse(values)
        notes(recipe)
        again = st.checkbox(_("again, even if this recipe has a run"), key="again")
        if st.button(_("▶ Start"), type="primary", key="start", width="stretch"):
            start(recipe, again=again)
    except BadRecipe as error:
        st.error(str(error))
with live:
    if note := st.session_state.pop("train-note", None):
        st.info(note)
    runs = the_lab.store.all()[:12]
    wanted = st.query_params.get("run") or (runs[0].id if runs else None)
    if wanted is None:
        st.info(_("No run yet. Set the knobs and press Start; the curves will draw themselves here."))
    else:
        try:
            run = the_lab.store.get(wanted)
            others: dict[str, str] = {
                other.id: f"{other.name} · {state_words(other.state)}"
                for other in (runs if run in runs else [run, *runs])
            }
            picked = st.selectbox(
                _("Run"), list(others), list(others).index(run.id), format_func=others.__getitem__, key=f"run-{run.id}"
            )
            if picked != run.id:
                st.query_params["run"] = picked
                st.rerun()
            live_view(the_lab, run.id)
            if run.state.over:
                manage(the_lab, run)
        except UnknownRun as error:
            st.error(str(error))
            if st.button(_("Show the newest run"), key="newest"):
                del st.query_params["run"]
                st.rerun()
