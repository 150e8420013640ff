"""The one lab of this web process, shared by all viewers."""

from __future__ import annotations

import streamlit as st

from flowerlab.lab import Lab


@st.cache_resource(show_spinner=False)
def lab() -> Lab:
    """Returns the lab, opened once for as long as the server lives."""
    return Lab()
