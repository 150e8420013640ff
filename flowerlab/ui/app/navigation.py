"""The pages, in their order."""

from __future__ import annotations

import streamlit as st

from flowerlab.locale import _
from flowerlab.ui.base.class_link import is_page_shown, read_class_link
from flowerlab.ui.base.streamlit_seams import Page


def page_titles() -> dict[str, tuple[str, str]]:
    """Returns title and icon of each page, by the name of its file."""
    return {
        "home": (_("Home"), "🌼"),
        "data": (_("Data"), "🧺"),
        "train": (_("Train"), "🌱"),
        "compare": (_("Compare"), "⚖️"),
        "mistakes": (_("Mistakes"), "🔎"),
        "inside": (_("Inside"), "🔬"),
        "experiments": (_("Experiments"), "🧪"),
        "classify": (_("Classify"), "📷"),
        "disk": (_("Disk"), "💾"),
    }


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
