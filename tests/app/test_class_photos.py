"""The numbers of "Each class" open the photos that they count."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.gather import gather
from flowerlab.evaluation.confusion import Figure
from flowerlab.home import Home
from flowerlab.ui.confusion.class_photos import PLACE, Behind, behind_words
from tests.support.matrices import two_runs
from tests.support.pages import alts, open_page, press, texts
from tests.support.photos import GARDEN

OPEN = f"{PLACE}-open"


@pytest.mark.parametrize(
    ("figure", "class_name", "headline", "count"),
    [
        ("recall", "dandelion", "7 dandelion: “A” called 6 of them so; mistakes first", 7),
        ("precision", "dandelion", "7 photos that “A” called dandelion: 6 of them are; mistakes first", 7),
        ("f1", "dandelion", "8 photos that are dandelion or that “A” called so: 6 of them are both; mistakes first", 8),
        ("recall", None, "35 photos of the test: “A” called 30 of them rightly; mistakes first", 12),
    ],
)
def test_a_number_opens_its_photos(home: Home, figure: Figure, class_name: str | None, headline: str, count: int) -> None:
    """Recall opens the photos of the class, precision those that were called so, F1 both, a mean all; mistakes stand first."""
    gather(home, "garden", GARDEN)
    first, _second = two_runs(home)
    app = open_page("compare", state={OPEN: ("", Behind(first.id, figure, class_name))})
    assert not app.exception
    assert headline in texts(app)
    assert len(alts(app)) == count
    # Of the first photo the run is wrong, of the last one right unless all on the page are mistakes; the other run's answer is told.
    assert all("A called it" in alt and "B called it" in alt for alt in alts(app))
    truth, answer = (alts(app)[0].split(": ")[1].split(". A called it ")[0], alts(app)[0].split("A called it ")[1].split(" (")[0])
    assert truth != answer
    app = press(app, f"{PLACE}-close")
    assert not alts(app)
    assert app.session_state[f"{PLACE}-closed"] == 1


def test_a_number_of_a_run_that_is_not_compared_any_more_is_shut(home: Home) -> None:
    """When its run is taken away, or names a class that the run does not know, nothing is open."""
    gather(home, "garden", GARDEN)
    first, second = two_runs(home)
    state = {OPEN: ("", Behind(first.id, "recall", "dandelion"))}
    assert not alts(open_page("compare", query={"runs": second.id}, state=state))
    assert not alts(open_page("compare", state={OPEN: ("", Behind(first.id, "recall", "orchid"))}))


def test_without_answers_a_number_says_why_it_stays_shut(home: Home) -> None:
    """A run whose single answers are not kept has figures, and says that they cannot be opened."""
    first, _second = two_runs(home)
    (home.run(first.id) / "predictions.npz").unlink()
    app = open_page("compare", state={OPEN: ("", Behind(first.id, "recall", "dandelion"))})
    assert not app.exception
    assert "answers to the single photos are not kept, so that a number cannot be opened" in texts(app)


def choosing() -> None:
    """A page on which cells of the table of two runs and two classes are chosen, one after the other."""
    from types import SimpleNamespace
    from typing import Any

    import streamlit as st

    from flowerlab.ui.confusion.class_photos import PLACE, on_figure
    from flowerlab.ui.confusion.open_choice import close_at, opened_at, table_key

    sides: Any = [SimpleNamespace(run=SimpleNamespace(id=name)) for name in ("first", "second")]

    def choose(figure: Any, *cells: tuple[int, str]) -> None:
        key = table_key(PLACE, figure)
        st.session_state[key] = SimpleNamespace(selection=SimpleNamespace(cells=list(cells)))
        on_figure(figure, key, sides, ["rose", "tulip"])()
        opened = opened_at(PLACE)
        st.write("nothing" if opened is None else f"{opened.run_id} {opened.figure} {opened.class_name}")

    choose("recall", (0, "class"))
    choose("recall", (1, "second"))
    choose("f1", (0, "first"))
    choose("f1")
    choose("precision", (3, "first"))
    choose("precision", (0, "photos"))
    choose("precision", (1, "photos-second"))
    before = table_key(PLACE, "recall")
    close_at(PLACE)
    st.write(f"{opened_at(PLACE)} {before != table_key(PLACE, 'recall')}")


def test_the_table_tells_which_number_was_chosen() -> None:
    """Its column tells the run, its row the class or a mean; how many photos there are is what recall counts; a name opens nothing; what
    is clicked again stays open; after Close the same number can be chosen again."""
    told = texts(AppTest.from_function(choosing, default_timeout=60).run())
    assert told.splitlines() == [
        "nothing",
        "second recall tulip",
        "first f1 rose",
        "first f1 rose",
        "first precision None",
        "first recall rose",
        "second recall tulip",
        "None True",
    ]


def test_words_of_few_photos() -> None:
    """One photo is not called photos, and a number that counts none says so; without mistakes nothing is said of their order."""
    precision = Behind("id", "precision", "*rose*")
    assert behind_words(precision, "A_b", 0, 0) == "This number counts no photo"
    assert behind_words(precision, "A_b", 1, 0) == r"1 photo that “A\_b” called \*rose\*: 1 of them are"
    assert "mistakes first" in behind_words(precision, "A", 2, 1)
