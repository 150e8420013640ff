"""Parts of a page that draw themselves again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, RunState
from flowerlab.store import Store
from flowerlab.ui.app.status import status_words
from flowerlab.ui.base.fragments import busy
from tests.support.pages import texts


def speaking() -> None:
    """A page with one part, in a thread that had another language before."""
    import streamlit as st

    from flowerlab import locale
    from flowerlab.ui.base.fragments import fragment

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


def test_a_run_that_begins_between_two_looks_is_not_missed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue begins a run at any moment, also after the first look at the list: a page that missed it would never look again."""
    lab = Lab(run_queue=False)
    try:
        run = lab.store.add(Recipe.parse({}), "meanwhile")
        for name in ("live", "queued", "unfinished"):
            monkeypatch.setattr(Store, name, beginning_behind(getattr(Store, name), run.id))
        assert busy(lab)
        assert "meanwhile" in status_words(lab)
    finally:
        lab.close()


def beginning_behind(look: Callable[[Store], list[Run]], run_id: str) -> Callable[[Store], list[Run]]:
    """A look at the list of runs, behind which a waiting run begins."""

    def looked(store: Store) -> list[Run]:
        found = look(store)
        if store.get(run_id).state is RunState.QUEUED:
            store.begin_attempt(run_id)
        return found

    return looked
