"""The form of a recipe: the lecture's five knobs always in sight, the others in an expander."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from flowerlab.architectures import ARCHITECTURES, Architecture, architecture
from flowerlab.datasets.catalog import DATASETS, FOLDER_PREFIX, dataset_title
from flowerlab.datasets.folder import list_folders
from flowerlab.locale import _
from flowerlab.recipe import CHOICES, KNOBS, Recipe, as_text
from flowerlab.runs import Lab

# Streamlit forgets widgets that are not drawn; what is set here outlives a visit to another page.
KEPT = "train-values"
LEARNING_RATES = (*(float(f"{step}e{power}") for power in range(-6, 0) for step in (1, 2, 5)), 1.0)


def fill(recipe: Recipe) -> None:
    """Puts a recipe's values into the form at the next drawing."""
    st.session_state[KEPT] = recipe.model_dump()
    st.session_state["train-round"] = st.session_state.get("train-round", 0) + 1


def recipe_form(lab: Lab) -> dict[str, Any]:
    """Draws the form and returns its values, not yet checked."""
    kept: dict[str, Any] = st.session_state.setdefault(KEPT, Recipe.parse({}).model_dump())
    values = dict(kept)
    form = st.session_state.get("train-round", 0)
    values["architecture"] = _pick(
        "architecture", list(ARCHITECTURES), kept, form, lambda name: architecture(name).title
    )
    chosen = architecture(values["architecture"])
    if values["architecture"] != kept["architecture"]:
        # What belongs to the other network does not fit this one.
        fresh = Recipe.parse({"architecture": chosen.name, "image_size": max(chosen.smallest_px, kept["image_size"])})
        values |= {"unfreeze_from": fresh.unfreeze_from, "weights": fresh.weights, "start_from": None}
    values["unfreeze_from"] = _unfreeze_slider(chosen, values, form)
    values["epochs"] = _number("epochs", kept, form, largest=100)
    values["batch_size"] = st.select_slider(
        _(KNOBS["batch_size"].label), _with((1, 2, 4, 8, 16, 32, 64, 128, 256), kept["batch_size"]), kept["batch_size"],
        key=f"batch_size-{form}", help=_(KNOBS["batch_size"].help),
    )  # fmt: skip
    values["learning_rate"] = st.select_slider(
        _(KNOBS["learning_rate"].label), _with(LEARNING_RATES, kept["learning_rate"]), kept["learning_rate"],
        format_func=lambda rate: f"{rate:g}", key=f"learning_rate-{form}", help=_(KNOBS["learning_rate"].help),
    )  # fmt: skip
    with st.expander(_("More knobs")):
        _other_knobs(lab, chosen, values, form)
    st.session_state[KEPT] = values
    return values


def _with(steps: tuple[Any, ...], value: Any) -> list[Any]:
    """A slider's steps with the value itself among them."""
    return sorted({*steps, value})


def _pick(name: str, options: list[Any], kept: Mapping[str, Any], form: int, words: Any = as_text) -> Any:
    index = options.index(kept[name]) if kept[name] in options else 0
    return st.selectbox(
        _(KNOBS[name].label), options, index, format_func=words, key=f"{name}-{form}", help=_(KNOBS[name].help)
    )


def _number(name: str, kept: Mapping[str, Any], form: int, *, largest: int | None = None) -> int:
    knob = KNOBS[name]
    low, high = int(knob.minimum or 0), int(knob.maximum or 0)
    high = max(min(high, largest or high), int(kept[name]))
    return st.slider(_(knob.label), low, high, int(kept[name]), key=f"{name}-{form}", help=_(knob.help))


def _unfreeze_slider(chosen: Architecture, values: Mapping[str, Any], form: int) -> str:
    if not chosen.stops():
        st.caption(_("Everything in this network learns: it begins with random weights."))
        return "all"
    options = ["none", *(layer.name for layer in reversed(chosen.stops())), "all"]
    index = {layer.name: layer.index for layer in chosen.layers}
    value = values["unfreeze_from"] if values["unfreeze_from"] in {*options, *index} else "none"
    if value not in options:
        options.insert(-1, value)

    def words(option: str) -> str:
        return {"none": _("none (head only)"), "all": _("all")}.get(option, f"{option} [{index.get(option)}]")

    return st.select_slider(
        _(KNOBS["unfreeze_from"].label), options, value, format_func=words, key=f"unfreeze-{chosen.name}-{form}",
        help=_(KNOBS["unfreeze_from"].help),
    )  # fmt: skip


def _other_knobs(lab: Lab, chosen: Architecture, values: dict[str, Any], form: int) -> None:
    datasets = [*DATASETS, *(FOLDER_PREFIX + info.name for info in list_folders(lab.home.folders))]
    values["dataset"] = _pick("dataset", datasets, values, form, dataset_title)
    for name in ("split", "resize", "augment", "optimizer"):
        values[name] = _pick(name, list(CHOICES[name]), values, form)
        st.caption(_(CHOICES[name][values[name]]))
    values["image_size"] = st.slider(
        _(KNOBS["image_size"].label), chosen.smallest_px, chosen.largest_px,
        min(max(values["image_size"], chosen.smallest_px), chosen.largest_px), key=f"image_size-{chosen.name}-{form}",
        help=_(KNOBS["image_size"].help), format="%d px",
    )  # fmt: skip
    if chosen.stops():
        files = [f"file:{path.name}" for path in sorted(lab.home.weights.iterdir()) if not path.name.startswith(".")]
        values["weights"] = _pick("weights", ["imagenet", "none", *files], values, form)
    head = st.text_input(
        _(KNOBS["head"].label), as_text(values["head"]), key=f"head-{form}", help=_(KNOBS["head"].help)
    )
    values["head"] = head
    values["dropout"] = st.slider(
        _(KNOBS["dropout"].label),
        0.0,
        0.8,
        float(values["dropout"]),
        0.05,
        key=f"dropout-{form}",
        help=_(KNOBS["dropout"].help),
    )
    values["validation_fraction"] = st.slider(
        _(KNOBS["validation_fraction"].label), 0.05, 0.5, float(values["validation_fraction"]), 0.05,
        key=f"validation-{form}", help=_(KNOBS["validation_fraction"].help),
    )  # fmt: skip
    values["patience"] = _number("patience", values, form, largest=100)
    values["seed"] = int(
        st.number_input(
            _(KNOBS["seed"].label), 0, 2**31 - 1, int(values["seed"]), key=f"seed-{form}", help=_(KNOBS["seed"].help)
        )
    )
    names = {run.id: run.name for run in lab.finished() if run.recipe.architecture == chosen.name}
    values["start_from"] = _pick(
        "start_from", [None, *names], values, form, lambda run: names.get(run, _("nothing: a fresh start"))
    )
