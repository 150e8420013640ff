"""The one lab of this web process, shared by all viewers."""

from __future__ import annotations

import atexit

import streamlit as st

from flowerlab.runs import Lab


@st.cache_resource(show_spinner=False)
def lab() -> Lab:
    """Opens the lab at the first page view and keeps it until the server ends."""
    opened = Lab()
    atexit.register(opened.close)
    return opened
