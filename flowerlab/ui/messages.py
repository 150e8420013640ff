"""Errors on a page: their sentence, never a stack trace."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from flowerlab.errors import FlowerlabError
from flowerlab.locale import _
from flowerlab.ui.run_picker import escaped

TRY_AGAIN_S = 5


def tell(error: FlowerlabError) -> None:
    """Shows an error's own text. It may quote what somebody typed, so no Markdown in it is obeyed."""
    st.error(escaped(str(error)), icon="🚧")


def try_again() -> None:
    """Runs the whole page again after a while, and again, as long as it ends here."""
    first = True

    @st.fragment(run_every=TRY_AGAIN_S)
    def again() -> None:
        nonlocal first
        if not first:
            st.rerun()
        first = False
        st.caption(_("This page tries again every {seconds} seconds.").format(seconds=TRY_AGAIN_S))

    again()


def told(act: Callable[[], object]) -> bool:
    """Does something; an error is told as its sentence.

    Returns:
        Whether it went well.
    """
    try:
        act()
    except FlowerlabError as error:
        tell(error)
        return False
    return True
