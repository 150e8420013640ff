"""The one lab of this web process, shared by all viewers."""

from __future__ import annotations

import atexit

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from flowerlab.runs import Lab


def lab() -> Lab:
    """Returns the lab: opened at the first page view and kept until the server ends."""
    _enter_by_the_entry()
    return _opened()


@st.cache_resource(show_spinner=False)
def _opened() -> Lab:
    opened = Lab()
    atexit.register(opened.close)
    return opened


def _enter_by_the_entry() -> None:
    """Runs the page again through streamlit_app.py if Streamlit ran it alone.

    A server that has not met `st.navigation` yet runs a file of pages/ by itself: a link to /train, opened first of all, would
    show a page without navigation and status. From then on the server knows better, so this happens once at most.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
