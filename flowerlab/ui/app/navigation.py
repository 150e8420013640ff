"""The navigation on top of every page."""

from __future__ import annotations

import streamlit as st

from flowerlab.ui.base.class_link import is_page_shown, read_class_link
from flowerlab.ui.base.page_titles import page_titles
from flowerlab.ui.base.streamlit_seams import Page


def navigation() -> Page:
    """Draws the navigation and returns the page to run. Pages that a link hides stay where buttons lead to them."""
    titles = page_titles()
    read_class_link(titles)
    return st.navigation(
        [
            st.Page(
                f"pages/{name}.py",
                title=title,
                icon=icon,
                default=name == "home",
                visibility="visible" if is_page_shown(name) else "hidden",
            )
            for name, (title, icon) in titles.items()
        ],
        position="top",
    )
