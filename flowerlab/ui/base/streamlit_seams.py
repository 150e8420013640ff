"""Streamlit's undocumented sides, all of them: after an upgrade of Streamlit this is the file to read and to try.

Nothing else in Flowerlab imports a module of Streamlit beneath `streamlit` itself, or names what its page is built of (a test
holds that). Each was last seen to hold in 1.67.
"""

from __future__ import annotations

import streamlit as st
from streamlit.cli_util import open_browser
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.web.server.server_util import get_url

# What `st.columns` and `st.container` return, and what `st.navigation` returns: Streamlit documents both types without a name to import.
Container = DeltaGenerator
Page = StreamlitPage

# `data-testid` names the parts of a page for Streamlit's own tests. Streamlit leaves a hand's breadth above every page; the status
# strip and the title belong on the first screen. What is chosen among several says so by its letters too, also from the back row.
_PAGE = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 4.5rem; padding-bottom: 3rem; }
[data-testid="stMainBlockContainer"] h1 { padding-top: 0.25rem; padding-bottom: 0.5rem; }
[data-testid="stButtonGroup"] [role="radio"][aria-checked="true"] p { font-weight: 600; }
</style>"""
_DARK_PAGE = """<style>
[data-testid="stButtonGroup"] [role="radio"][aria-checked="true"] p { color: #6fd6b1; }
</style>"""
_LAST_COLUMN_FIRST = """<style>@media (max-width: 640px) {
.st-key-KEY > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:last-child,
.st-key-KEY > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"]:last-child { order: -1; } }</style>"""


def is_page_drawn() -> bool:
    """Whether this thread draws a page for a viewer: only such a thread has the context of a script's run."""
    return get_script_run_ctx(suppress_warning=True) is not None


def run_pages_through_the_entry() -> None:
    """Has a server run the entry also for the very first page that it is asked for.

    Until a server has met `st.navigation`, `PagesManager` runs a file of `pages/` alone: a link to /train, opened first of all,
    would show a page without navigation and status.
    """
    PagesManager.uses_pages_directory = False


def open_in_browser() -> None:
    """Opens the lab in a browser, unless the server is headless: `streamlit run` leaves this to an app with a lifespan of its own."""
    if not st.get_option("server.headless"):
        open_browser(get_url(st.get_option("server.address") or "localhost"))


def read_emojis() -> None:
    """Reads Streamlit's table of emojis (0.06 s), which it else does where the first page meets the first emoji."""
    import streamlit.emojis  # noqa: F401


def page_style() -> None:
    """Draws every page's margins and the look of what is chosen."""
    st.html(_PAGE + (_DARK_PAGE if st.context.theme.type == "dark" else ""))


def show_last_column_first_when_narrow(key: str) -> None:
    """Turns the order of the columns in the container of this key where they stand one above the other."""
    st.html(_LAST_COLUMN_FIRST.replace("KEY", key))
