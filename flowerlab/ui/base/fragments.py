"""Parts of a page that draw themselves again: at a click in them, or while something runs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from flowerlab.errors import HomeUnusable
from flowerlab.lab import Lab
from flowerlab.locale import _, use_language
from flowerlab.ui.base.messages import show_error

TRY_AGAIN_S = 5
Given = ParamSpec("Given")


def busy(lab: Lab) -> bool:
    """Whether anything trains or waits, so that watching it makes sense."""
    return bool(lab.store.unfinished())


def fragment(*, every_s: float | None = None) -> Callable[[Callable[Given, None]], Callable[Given, None]]:
    """Returns a decorator that makes a function a part of the page: what is clicked in it draws it again, and nothing else.

    It is `st.fragment` in the viewer's language, and the only way to it: a part may draw itself again in a thread in which no
    language was chosen yet. `every_s` are the seconds between two drawings without a click, None for none: the browser owns the
    timer, so that a closed tab costs nothing.
    """

    def made(draw: Callable[Given, None]) -> Callable[Given, None]:
        @functools.wraps(draw)
        def in_language(*arguments: Given.args, **options: Given.kwargs) -> None:
            use_language(st.context.locale or "en")
            draw(*arguments, **options)

        part: Callable[Given, None] = st.fragment(in_language, run_every=every_s)
        return part

    return made


def refreshed(draw: Callable[[], None], *, every_s: float | None) -> None:
    """Draws a part of the page now, and every `every_s` seconds again; None: only now."""

    @fragment(every_s=every_s)
    def part() -> None:
        try:
            draw()
        except HomeUnusable as error:
            # The next refresh may find the list of runs free again, or the disk with room; the page around this part stays.
            show_error(error)

    part()


def try_again() -> None:
    """Runs the whole page again after a while, and again, as long as it ends here."""
    first = True

    @fragment(every_s=TRY_AGAIN_S)
    def again() -> None:
        nonlocal first
        if not first:
            st.rerun()
        first = False
        st.caption(_("This page tries again every {seconds} seconds.").format(seconds=TRY_AGAIN_S))

    again()
