"""The form of a recipe: the lecture's five knobs always in sight, the others in an expander.

Every knob lives in `st.session_state` under a key of its own and outlives a visit to another page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from flowerlab.architectures import ARCHITECTURES, Architecture, architecture
from flowerlab.datasets.catalog import DATASETS, FOLDER_PREFIX, dataset_title
from flowerlab.datasets.import_folder import list_folders
from flowerlab.inference.classify import finished_runs
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import decimals
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.ui.base.class_link import is_hidden
from flowerlab.ui.base.text import state_words
from flowerlab.ui.widgets.offering import offered

LEARNING_RATES = (*(float(f"{step}e{power}") for power in range(-6, 0) for step in (1, 2, 5)), 1.0)
COUNTS = (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
VIEWS = (0, 1, 2, 4, 8, 16)
# The choice "train a B first, then go on from it"; no run has such an id.
NEW_B = "new-B"
KEPT: dict[str, Any] = {"persist_state": "session"}
# Always in sight; all others are rarely used.
LECTURE_KNOBS = ("architecture", "unfreeze_from", "epochs", "batch_size", "learning_rate")
# Knobs whose choices belong to an architecture: each network remembers its own.
OF_ARCHITECTURE = ("unfreeze_from", "weights")


def key_of(name: str, chosen: str) -> str:
    """Returns where a knob's value is kept, for a form that shows the architecture `chosen`."""
    return f"train-{name}-{chosen}" if name in OF_ARCHITECTURE else f"train-{name}"


def fill(recipe: Recipe, *, new_b: bool = False) -> None:
    """Puts a recipe's values into the form. Call it before the form is drawn, or in a callback.

    Args:
        recipe: All knobs.
        new_b: Whether the run shall go on from a B that is queued along with it.
    """
    for name, value in recipe.model_dump().items():
        st.session_state[key_of(name, recipe.architecture)] = as_text(value) if name == "head" else value
    if new_b:
        st.session_state[key_of("start_from", recipe.architecture)] = NEW_B


def recipe_form(lab: Lab) -> tuple[Architecture, dict[str, Any]]:
    """Draws the five knobs of the lecture and returns their values, not yet checked.

    A run that goes on from another one (as C does) says so here too; then `start_from` is among the values.
    """
    if key_of("architecture", "") not in st.session_state:
        fill(Recipe.parse({}))
    chosen = architecture(_choose("architecture", list(ARCHITECTURES), "handmade", lambda name: architecture(name).title))
    values: dict[str, Any] = {"architecture": chosen.name, "unfreeze_from": _unfreeze_slider(chosen)}
    left, right = st.columns(2, gap="medium")
    with left:
        values["epochs"] = _slide("epochs", COUNTS)
    with right:
        values["batch_size"] = _slide("batch_size", BATCH_SIZES)
    values["learning_rate"] = _slide("learning_rate", LEARNING_RATES, decimals)
    if _goes_on():
        values["start_from"] = _source(lab, chosen)
    return chosen, values


def other_knobs(lab: Lab, chosen: Architecture) -> dict[str, Any]:
    """Draws the knobs that are rarely used and returns their values, not yet checked.

    `start_from` may be `NEW_B`.
    """
    values: dict[str, Any] = {}
    folders = [FOLDER_PREFIX + info.name for info in list_folders(lab.home.folders)]
    values["dataset"] = _choose("dataset", [*DATASETS, *folders], "garden", dataset_title)
    for name in ("split", "resize"):
        values[name] = _explained(name)
    values["image_size"] = _image_size(chosen)
    values["weights"] = _weights(lab, chosen)
    values["head"] = _head()
    values["dropout"] = _share("dropout", 0.0)
    values["optimizer"] = _explained("optimizer")
    values["augment"] = _explained("augment")
    if values["augment"] != "none":
        values["augment_views"] = _slide("augment_views", VIEWS, _copies)
    values["validation_fraction"] = _share("validation_fraction", 0.2)
    values["patience"] = _slide("patience", COUNTS)
    values["seed"] = _seed()
    if not _goes_on():
        values["start_from"] = _source(lab, chosen)
    return values


def any_other_shown() -> bool:
    """Whether any of the knobs that are rarely used is not hidden by a link."""
    return not all(is_hidden(name) for name in KNOBS if name not in LECTURE_KNOBS)


def _label(name: str) -> str:
    return _(KNOBS[name].label)


def _help(name: str) -> str:
    return _(KNOBS[name].help)


def _hold(name: str, fallback: Any, chosen: str = "", *, fits: Callable[[Any], bool] = lambda value: True) -> str:
    """Makes sure that a knob has a value that its widget can show, and returns the widget's key.

    The value is set anew at every drawing: a widget whose choices change is a new one to Streamlit and would begin again.
    """
    key = key_of(name, chosen)
    value = st.session_state.get(key, fallback)
    st.session_state[key] = value if fits(value) else fallback
    return key


def _choose(name: str, options: list[Any], fallback: Any, words: Callable[[Any], str] = as_text, chosen: str = "") -> Any:
    """A list to choose from; a value from a link that is not in it is shown all the same, so that nothing is changed unsaid."""
    key = _hold(name, fallback, chosen)
    value = st.session_state[key]
    if is_hidden(name):
        return value
    shown = options if value in options else [*options, value]
    return st.selectbox(_label(name), shown, format_func=words, key=key, help=_help(name), **KEPT)


def _explained(name: str) -> str:
    """A list of words, with the sentence of the chosen one under it."""
    value: str = _choose(name, list(KNOBS[name].choices), KNOBS[name].default)
    if not is_hidden(name):
        st.caption(_(KNOBS[name].choices.get(value, "")))
    return value


def _slide(name: str, steps: Sequence[Any], words: Callable[[Any], str] = str) -> Any:
    """A slider over steps; a value between them becomes a step of its own."""
    key = _hold(name, KNOBS[name].default)
    if is_hidden(name):
        return st.session_state[key]
    options = sorted({*steps, st.session_state[key]})
    return st.select_slider(_label(name), options, format_func=words, key=key, help=_help(name), **KEPT)


def _copies(count: int) -> str:
    return str(count) if count else _("0: new changes in every epoch")


def _share(name: str, fallback: float) -> float:
    knob = KNOBS[name]
    low, high, key = float(knob.minimum or 0), float(knob.maximum or 1), _hold(name, fallback)
    if is_hidden(name):
        return float(st.session_state[key])
    return float(st.slider(_label(name), low, high, step=0.05, key=key, help=_help(name), **KEPT))


def _head() -> str:
    key = _hold("head", "50,20")
    if is_hidden("head"):
        return str(st.session_state[key])
    text: str = st.text_input(_label("head"), key=key, help=_help("head"), **KEPT)
    return text


def _seed() -> int:
    key = _hold("seed", 0)
    if is_hidden("seed"):
        return int(st.session_state[key])
    return int(st.number_input(_label("seed"), 0, 2**31 - 1, step=1, key=key, help=_help("seed"), **KEPT))


def _image_size(chosen: Architecture) -> int:
    low, high = chosen.smallest_px, chosen.largest_px
    key = _hold("image_size", 150, fits=lambda value: low <= value <= high)
    if is_hidden("image_size"):
        return int(st.session_state[key])
    return int(st.slider(_label("image_size"), low, high, step=1, key=key, format="%d px", help=_help("image_size"), **KEPT))


def _goes_on() -> bool:
    return st.session_state.get(key_of("start_from", "")) is not None


def _unfreeze_slider(chosen: Architecture) -> str:
    """A slider over the network's clean cuts: from `none` over the last layers to the first, and `all`."""
    if not chosen.stops():
        if is_hidden("unfreeze_from"):
            return "all"
        st.caption(_("Unfreeze from: all. This network begins with random weights, so every layer learns."))
        return "all"
    index = {layer.name: layer.index for layer in chosen.layers}
    key = _hold("unfreeze_from", "none", chosen.name, fits=lambda value: value in {"none", "all", *index})
    if is_hidden("unfreeze_from"):
        return str(st.session_state[key])
    named = {layer.name for layer in chosen.stops()} | ({st.session_state[key]} - {"none", "all"})
    options = ["none", *sorted(named, key=lambda name: -index[name]), "all"]

    def words(option: str) -> str:
        known = {"none": _("none: only the head learns"), "all": _("all")}
        return known.get(option, f"{option} [{index.get(option)}]")

    value: str = st.select_slider(_label("unfreeze_from"), options, format_func=words, key=key, help=_help("unfreeze_from"), **KEPT)
    return value


def _weights(lab: Lab, chosen: Architecture) -> str:
    if chosen.pretrained is None:
        return "none"
    files = [f"file:{path.name}" for path in sorted(lab.home.weights.iterdir()) if not path.name.startswith(".")]
    value: str = _choose("weights", [chosen.pretrained, "none", *files], chosen.pretrained, chosen=chosen.name)
    return value


def _source(lab: Lab, chosen: Architecture) -> str | None:
    """Which run this one goes on from: one with a model, or one that will have it when its turn comes."""
    runs = sources(lab, chosen.name)

    def fits(value: Any) -> bool:
        elsewhere = value in {run.id for run in lab.store.all()} - {run.id for run in runs}
        return not elsewhere and (value != NEW_B or bool(chosen.stops()))

    by_id = {run.id: run for run in offered(runs, {st.session_state.get(key_of("start_from", ""))})}

    def words(value: str | None) -> str:
        if value is None:
            return _("nothing: a fresh start")
        if value == NEW_B:
            return _("a new B, trained first")
        run = by_id.get(value)
        return _("a run that is not in this lab") if run is None else f"{run.name} · {state_words(run.state)}"

    _hold("start_from", None, fits=fits)
    options = [None, *([NEW_B] if chosen.stops() else []), *by_id]
    value: str | None = _choose("start_from", options, None, words)
    return value


def sources(lab: Lab, chosen: str) -> list[Run]:
    """Returns the runs of an architecture that another run can go on from, newest first."""
    done = {run.id for run in finished_runs(lab.store, lab.home)}
    return [run for run in lab.store.all() if run.recipe.architecture == chosen and (run.id in done or not run.state.over)]
