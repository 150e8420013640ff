"""Errors on a page: their sentence, never a stack trace."""

from __future__ import annotations

import logging
from collections.abc import Callable

import streamlit as st

from flowerlab.errors import FlowerlabError
from flowerlab.locale import _
from flowerlab.system.filesystems import no_room
from flowerlab.ui.base.text import escaped

LOG = logging.getLogger(__name__)


def show_error(error: FlowerlabError) -> None:
    """Shows an error's own text. It may quote what a user typed, so Markdown in it is not obeyed."""
    st.error(escaped(str(error)), icon="🚧")


def show_refusal(error: OSError) -> None:
    """Shows in one sentence that the system refused to write or read something."""
    LOG.error("The system refused.", exc_info=error)
    if no_room(error):
        st.error(_("The disk is full, so this could not be done. Free some space, and do it again."), icon="🚧")
    else:
        words = _("The system refused this ({reason}). Look after the lab's folder, and do it again.")
        st.error(words.format(reason=escaped(error.strerror or type(error).__name__)), icon="🚧")


def succeeded(act: Callable[[], object]) -> bool:
    """Calls `act`, shows an error as its sentence, also that of a full disk, and returns whether there was none."""
    try:
        act()
    except FlowerlabError as error:
        show_error(error)
        return False
    except OSError as error:
        show_refusal(error)
        return False
    return True
