"""Errors on a page: their sentence, never a stack trace."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from flowerlab.errors import FlowerlabError
from flowerlab.ui.run_picker import escaped


def tell(error: FlowerlabError) -> None:
    """Shows an error's own text. It may quote what somebody typed, so no Markdown in it is obeyed."""
    st.error(escaped(str(error)), icon="🚧")


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
