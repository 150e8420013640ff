"""Questions to the predictor from a page: asked once, waited for visibly, given up when the page moves on."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from flowerlab.locale import _

MEMORY = "asked"
MOST_REMEMBERED = 80

Answer = TypeVar("Answer")


def asked(key: Hashable, ask: Callable[[Callable[[], None]], Answer], *, words: str = "") -> Answer:
    """Returns an answer, from memory if this visitor asked the same before.

    Args:
        key: What is asked, with all that the answer depends on.
        ask: Asks; is given what must be called now and then while it waits. Whoever clicks on meanwhile is not kept waiting: Streamlit
            leaves the script there, and the question is taken back.
        words: What is said meanwhile; default: that the network is being looked into.

    Raises:
        FlowerlabError: If the question was not answered; it is asked again next time.
    """
    memory: OrderedDict[Hashable, Answer] = st.session_state.setdefault(MEMORY, OrderedDict())
    if key in memory:
        memory.move_to_end(key)
        return memory[key]
    slot, begun_s = st.empty(), time.monotonic()

    def waiting() -> None:
        # Drawing is also what lets Streamlit leave the script here.
        slot.caption(f"⏳ {words or _('Looking into the network …')} {time.monotonic() - begun_s:.0f} s")

    try:
        answer = memory[key] = ask(waiting)
    finally:
        slot.empty()
    while len(memory) > MOST_REMEMBERED:
        memory.popitem(last=False)
    return answer
