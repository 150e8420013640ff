"""The form of a recipe: the lecture's knobs always in sight, the others in an expander.

Every knob lives in `st.session_state` under a key of its own and outlives a visit to another page. One that is added to the table of knobs
is drawn by what the table says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from flowerlab.architectures import ARCHITECTURES, Architecture, architecture
from flowerlab.datasets.catalog import dataset_title
from flowerlab.inference.classify import finished_runs
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import decimals
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.ui.base.class_link import is_hidden
from flowerlab.ui.base.text import state_words
from flowerlab.ui.widgets.run_picker import offered

COUNTS = (*range(1, 11), 12, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 300, 400, 500)
# Numbers that are worth a step of a slider; all others are plain ones.
STEPS: dict[str, Sequence[float]] = {
    "epochs": COUNTS,
    "batch_size": (1, 2, 4, 8, 16, 32, 64, 128, 256),
    "learning_rate": (*(float(f"{step}e{power}") for power in range(-6, 0) for step in (1, 2, 5)), 1.0),
    "augment_views": (0, 1, 2, 4, 8, 16),
    "patience": COUNTS,
}
# The choice "train a B first, then start from it"; no run has such an id.
NEW_B = "new-B"
KEPT: dict[str, Any] = {"persist_state": "session"}
# Knobs whose choices belong to an architecture: each network remembers its own.
OF_ARCHITECTURE = ("unfreeze_from", "weights")


def key_of(name: str, chosen: str) -> str:
    """Returns where a knob's value is kept, for a form that shows the architecture `chosen`."""
    return f"train-{name}-{chosen}" if name in OF_ARCHITECTURE else f"train-{name}"


def fill(recipe: Recipe, *, new_b: bool = False) -> None:
    """Puts a recipe's values into the form, which may start from a new B. Call it before the form is drawn, or in a callback."""
    for name, value in recipe.model_dump().items():
        st.session_state[key_of(name, recipe.architecture)] = as_text(value) if name == "head" else value
    if new_b:
        st.session_state[key_of("start_from", recipe.architecture)] = NEW_B


def recipe_form(lab: Lab) -> tuple[Architecture, dict[str, Any]]:
    """Draws the lecture's knobs and returns their values, not yet checked.

    A run that starts from another one (as C does) says so here too; then `start_from` is among the values.
    """
    if key_of("architecture", "") not in st.session_state:
        fill(Recipe.parse({}))
    chosen = architecture(_choose("architecture", list(ARCHITECTURES), lambda name: architecture(name).title))
    values: dict[str, Any] = {"architecture": chosen.name, "unfreeze_from": _unfreeze_slider(chosen)}
    left, right = st.columns(2, gap="medium")
    with left:
        values["epochs"] = _by_type("epochs")
    with right:
        values["batch_size"] = _by_type("batch_size")
    for name, knob in KNOBS.items():
        if knob.of_lecture and name not in values:
            values[name] = _by_type(name)
    if _starts_from_run():
        values["start_from"] = _source(lab, chosen)
    return chosen, values


def other_knobs(lab: Lab, chosen: Architecture) -> dict[str, Any]:
    """Draws the knobs that are rarely used and returns their values, not yet checked; `start_from` may be `NEW_B`."""
    own = {"dataset": _dataset, "image_size": _image_size, "weights": _weights, "start_from": _source}
    values: dict[str, Any] = {}
    for name, knob in KNOBS.items():
        # Copies of photos that nothing changes would all be the same.
        needless = name == "augment_views" and values["augment"] == "none"
        if not (knob.of_lecture or needless or (name == "start_from" and _starts_from_run())):
            values[name] = own[name](lab, chosen) if name in own else _by_type(name)
    return values


def any_other_shown() -> bool:
    """Whether any of the knobs that are rarely used is not hidden by a link."""
    return not all(is_hidden(name) for name, knob in KNOBS.items() if not knob.of_lecture)


def _label(name: str) -> str:
    return _(KNOBS[name].label)


def _help(name: str) -> str:
    return _(KNOBS[name].help)


def _hold(name: str, chosen: str = "", *, fallback: Any = None, fits: Callable[[Any], bool] = lambda value: True) -> str:
    """Makes sure that a knob has a value that its widget can show, and returns the widget's key.

    The value is set at every drawing: a widget whose choices change is a new one to Streamlit and would begin again. Where there is
    none, or none that fits, it is the fallback; None: the knob's default.
    """
    fallback = KNOBS[name].default if fallback is None else fallback
    key = key_of(name, chosen)
    value = st.session_state.get(key, fallback)
    st.session_state[key] = value if fits(value) else fallback
    return key


def _choose(name: str, options: list[Any], words: Callable[[Any], str] = as_text, chosen: str = "", fallback: Any = None) -> Any:
    """A list to choose from; a value from a link that is not in it is shown all the same, so that nothing is changed unsaid."""
    key = _hold(name, chosen, fallback=fallback)
    value = st.session_state[key]
    if is_hidden(name):
        return value
    shown = options if value in options else [*options, value]
    return st.selectbox(_label(name), shown, format_func=words, key=key, help=_help(name), **KEPT)


def _by_type(name: str) -> Any:
    """The widget that fits what the table says of a knob."""
    knob = KNOBS[name]
    if knob.choices:
        return _explained(name)
    key = _hold(name, fallback=as_text(knob.default) if knob.type == "str" else knob.default)
    value = st.session_state[key]
    if is_hidden(name):
        return value
    label, about = _label(name), {"key": key, "help": _help(name), **KEPT}
    if name in STEPS:
        # A value between the steps becomes one of its own.
        return st.select_slider(label, sorted({*STEPS[name], value}), format_func=_words_of(name), **about)
    if knob.type == "str":
        return st.text_input(label, **about)
    if knob.type == "float":
        return st.slider(label, float(knob.minimum or 0), float(knob.maximum or 1), step=0.05, **about)
    return st.number_input(label, int(knob.minimum or 0), int(knob.maximum or 2**31 - 1), step=1, **about)


def _words_of(name: str) -> Callable[[Any], str]:
    if name == "augment_views":
        return lambda count: str(count) if count else _("0: new changes in every epoch")
    return decimals if name == "learning_rate" else str


def _explained(name: str) -> str:
    """A list of words, with the sentence of the chosen one under it."""
    value: str = _choose(name, list(KNOBS[name].choices))
    if not is_hidden(name):
        st.caption(_(KNOBS[name].choices.get(value, "")))
    return value


def _dataset(lab: Lab, chosen: Architecture) -> str:
    value: str = _choose("dataset", lab.data.names(), dataset_title)
    return value


def _image_size(lab: Lab, chosen: Architecture) -> int:
    low, high = chosen.smallest_px, chosen.largest_px
    key = _hold("image_size", fits=lambda value: low <= value <= high)
    if is_hidden("image_size"):
        return int(st.session_state[key])
    return int(st.slider(_label("image_size"), low, high, step=1, key=key, format="%d px", help=_help("image_size"), **KEPT))


def _starts_from_run() -> bool:
    return st.session_state.get(key_of("start_from", "")) is not None


def _unfreeze_slider(chosen: Architecture) -> str:
    """A slider over the network's clean cuts: from `none` over the last layers to the first, and `all`."""
    if not chosen.stops():
        if is_hidden("unfreeze_from"):
            return "all"
        st.caption(_("Unfreeze from: all. This network begins with random weights, so every layer learns."))
        return "all"
    index = {layer.name: layer.index for layer in chosen.layers}
    key = _hold("unfreeze_from", chosen.name, fits=lambda value: value in {"none", "all", *index})
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
    value: str = _choose("weights", [chosen.pretrained, "none", *files], chosen=chosen.name, fallback=chosen.pretrained)
    return value


def _source(lab: Lab, chosen: Architecture) -> str | None:
    """Which run this one starts from: one with a model, or one that will have it when its turn comes."""
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

    _hold("start_from", fits=fits)
    options = [None, *([NEW_B] if chosen.stops() else []), *by_id]
    value: str | None = _choose("start_from", options, words)
    return value


def sources(lab: Lab, chosen: str) -> list[Run]:
    """Returns the runs of an architecture that another run can start from, newest first."""
    done = {run.id for run in finished_runs(lab.store, lab.home)}
    return [run for run in lab.store.all() if run.recipe.architecture == chosen and (run.id in done or not run.state.over)]
