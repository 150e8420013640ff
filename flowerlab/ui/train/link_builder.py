"""Sharing the recipe of the form: a link for everybody, and one for a class that hides what a lesson does not need."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from flowerlab.locale import _
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.ui.base.class_link import CODE, HIDE, LINK, PAGES, PRESETS, SWEEP, is_hidden
from flowerlab.ui.base.page_titles import page_titles

OWN_ADDRESS = "http://localhost:8501"


def link_section(recipe: Recipe) -> None:
    """Draws the section."""
    if is_hidden(LINK):
        return
    with st.expander(_("🔗 A link to this recipe, for a class too"), key="link"):
        st.caption(_("Whoever opens the link finds the form set as it is now. You may hide what your lesson does not need."))
        extras = {PRESETS: _("the lecture's recipes"), SWEEP: _("the sweep"), CODE: _("the Keras code"), LINK: _("this section")}
        names = {**{name: _(knob.label) for name, knob in KNOBS.items()}, **extras}
        kept = _("A hidden knob keeps the value that it has in the form now.")
        hidden = _some_of(_("Controls to hide"), names, key="link-hide", help=kept)
        titles = {name: title for name, (title, _icon) in page_titles().items() if name != "train"}
        left_out = _some_of(_("Pages to hide"), titles, key="link-pages", help=_("Train always stays: the link leads there."))
        link = class_link(st.context.url or OWN_ADDRESS, recipe, hidden, left_out, list(page_titles()))
        st.code(link, language=None, wrap_lines=True)
        st.caption(
            _(
                "Copy it with the button in its corner. It tidies up and locks nothing: anybody can show everything again. {local}"
            ).format(local=_local(link))
        )


def _some_of(label: str, names: dict[str, str], *, key: str, help: str) -> list[str]:
    chosen: list[str] = st.multiselect(
        label, list(names), format_func=names.__getitem__, key=key, placeholder=_("none"), help=help, persist_state="session"
    )
    return chosen


def class_link(address: str, recipe: Recipe, hidden: list[str], left_out: list[str], pages: list[str]) -> str:
    """Returns a link that sets the form; the address is that of the app, or of its Train page."""
    asked = dict(recipe.to_query())
    if hidden:
        asked[HIDE] = ",".join(hidden)
    if left_out:
        asked[PAGES] = ",".join(page for page in pages if page not in left_out)
    # The address of the page itself is what a browser tells that opened it first.
    root = address.rstrip("/").removesuffix("/train").rstrip("/")
    return f"{root}/train?{urlencode(asked, safe=',:')}"


def _local(link: str) -> str:
    if not link.startswith(("http://localhost", "http://127.0.0.1")):
        return ""
    return _("“localhost” means this very computer: for other devices put this computer's name or number in its place.")
