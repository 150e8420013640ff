"""Who looks at a page: told apart from others by the browser, without a name."""

from __future__ import annotations

import hashlib
import uuid

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Streamlit gives it to every browser to guard uploads, and leaves it there until the browser is shut.
COOKIE = "_streamlit_xsrf"
KEY = "student"


def student_here() -> str:
    """Returns a short text that is the same for all windows of a browser; empty where no page is being drawn."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return ""
    if KEY not in st.session_state:
        token = token_of(st.context.cookies.get(COOKIE, ""))
        # Only a hash is kept: what guards uploads shall not lie in the list of runs. Without the cookie each window is one.
        told = hashlib.sha256(token).hexdigest() if token else uuid.uuid4().hex
        st.session_state[KEY] = f"browser-{told[:12]}"
    return str(st.session_state[KEY])


def token_of(cookie: str) -> bytes:
    """Returns what stays the same in the cookie: it is masked anew whenever it is sent. Empty if it is no such cookie.

    Args:
        cookie: `2|mask|masked token|time`, mask and token in hexadecimal (as Tornado writes it).
    """
    try:
        version, mask, masked, _time = cookie.strip("\"'").split("|")
        key, token = bytes.fromhex(mask), bytes.fromhex(masked)
    except ValueError:
        return b""
    if version != "2" or not key:
        return b""
    return bytes(byte ^ key[place % len(key)] for place, byte in enumerate(token))
