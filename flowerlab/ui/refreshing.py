"""Parts of a page that draw themselves again while something runs."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from flowerlab.errors import HomeUnusable
from flowerlab.locale import use_language
from flowerlab.runs import Lab
from flowerlab.ui.messages import tell


def busy(lab: Lab) -> bool:
    """Whether anything trains or waits, so that watching it makes sense."""
    return bool(lab.store.live() or lab.store.queued())


def refreshed(draw: Callable[[], None], *, every_s: float | None) -> None:
    """Draws a part of the page now, and every few seconds again.

    The browser owns the timer: a closed tab costs nothing. None leaves it at once without a timer.

    Args:
        draw: Emits all that the part shows.
        every_s: Seconds between two drawings; None for once.
    """

    @st.fragment(run_every=every_s)
    def part() -> None:
        # A refresh may run in a thread in which nobody has chosen a language yet.
        use_language(st.context.locale or "en")
        try:
            draw()
        except HomeUnusable as error:
            # The next refresh may find the list of runs free again, or the disk with room; the page around this part stays.
            tell(error)

    part()
