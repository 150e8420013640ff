"""Parts of a page that draw themselves again."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.app.finished_runs import texts


def speaking() -> None:
    """A page with one part, in a thread that had another language before."""
    import streamlit as st

    from flowerlab import locale
    from flowerlab.ui.refreshing import fragment

    @fragment()
    def part(word: str, *, sign: str) -> None:
        st.write(f"{word} in {locale._language.get()}{sign}")

    locale.use_language("xx")
    part("drawn", sign="!")


def test_a_part_speaks_the_viewers_language() -> None:
    """A part chooses the viewer's language before it draws, and is given what it is called with."""
    app = AppTest.from_function(speaking, default_timeout=60).run()
    assert not app.exception
    assert texts(app) == "drawn in en!"
