"""The one lab of this web process, shared by all viewers; each uses it as one student."""

from __future__ import annotations

import streamlit as st

from flowerlab.lab import Lab
from flowerlab.ui.base.student import student_here


@st.cache_resource(show_spinner=False)
def _shared() -> Lab:
    return Lab()


def lab() -> Lab:
    """Returns the lab, opened once for as long as the server lives, as whoever looks at this page uses it."""
    return _shared().used_by(student_here())
