"""Flowerlab's entry: page config, navigation, one status strip."""

from __future__ import annotations

import streamlit as st

from flowerlab.locale import _, use_language
from flowerlab.ui.lab import lab
from flowerlab.ui.status import status_strip

st.set_page_config(page_title="Flowerlab", page_icon="🌼", layout="wide")
use_language(st.context.locale or "en")

page = st.navigation(
    [
        st.Page("pages/home.py", title=_("Home"), icon="🌼", default=True),
        st.Page("pages/data.py", title=_("Data"), icon="🧺"),
        st.Page("pages/train.py", title=_("Train"), icon="🌱"),
        st.Page("pages/compare.py", title=_("Compare"), icon="⚖️"),
        st.Page("pages/classify.py", title=_("Classify"), icon="📷"),
    ],
    position="top",
)
status_strip(lab())
page.run()
