"""Who looks at a page: known by the browser, without a name."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid

import streamlit as st

from flowerlab.ui.base.streamlit_seams import is_page_drawn

# The cookie that `flowerlab.ui.app.browser_cookie` gives to every browser.
COOKIE = "flowerlab_browser"
KEY = "student"


def new_token() -> str:
    """Returns a random value for the cookie of a browser that has none."""
    return secrets.token_hex(16)


def is_token(text: str) -> bool:
    """Whether a text has the form that `new_token` gives: what else a browser may send is not looked at further."""
    return re.fullmatch("[0-9a-f]{32}", text) is not None


def student_here() -> str:
    """Returns a short text that is the same for all windows of a browser; empty where no page is being drawn."""
    if not is_page_drawn():
        return ""
    if KEY not in st.session_state:
        token = str(st.context.cookies.get(COOKIE, ""))
        # Only a hash is kept: what the list of runs says makes nobody another. Without the cookie each window is a student.
        name = hashlib.sha256(token.encode()).hexdigest() if is_token(token) else uuid.uuid4().hex
        st.session_state[KEY] = f"browser-{name[:12]}"
    return str(st.session_state[KEY])
