"""Photos with what runs answered, in pages."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.gather import gather
from flowerlab.home import Home
from flowerlab.ui.widgets.photo_tiles import NO_BREAK, Said, Tile, table_rows
from tests.support.pages import texts
from tests.support.photos import GARDEN


def gallery(*, at_hand: bool, photos: list[str]) -> None:
    """A page with nothing but tiles."""
    from flowerlab.ui.base.lab import lab
    from flowerlab.ui.widgets.photo_tiles import Said, Tile, photo_tiles

    said = (Said("From *scratch*", "tulips", 0.974, right=False), Said("Transfer", "roses", 0.5, right=True))
    tiles = [Tile(photo, "roses", said) for photo in photos]
    photo_tiles(tiles, lab().data.originals("garden") if at_hand else None, key="gallery")


def opened(photos: list[str], *, at_hand: bool = True) -> AppTest:
    """The page with tiles of these photos."""
    return AppTest.from_function(gallery, kwargs={"at_hand": at_hand, "photos": photos}, default_timeout=60).run()


def pictures(app: AppTest) -> list[Any]:
    """The images of the page."""
    return [image.proto.imgs[0] for image in app.get("image")]


@pytest.fixture
def ids(home: Home) -> tuple[str, ...]:
    """Ids of a small garden that lies in the lab."""
    return gather(home, "garden", GARDEN).ids


def test_each_photo_says_its_truth_and_every_answer(ids: tuple[str, ...]) -> None:
    """Under a photo stand its truth and what each run said how surely; the same is its text alternative; names bring no markup."""
    app = opened([ids[0]])
    assert not app.exception
    assert len(pictures(app)) == 1
    assert "truth: **roses**" in texts(app)
    told = texts(app).replace(NO_BREAK, " ")
    assert r"From \*scratch\*: **✗ tulips 97 %**" in told
    assert "✓ roses 50 %" in told
    (alt,) = (picture.alt for picture in pictures(app))
    assert alt == f"Photo {ids[0]}: roses. From *scratch* called it tulips (97 %), Transfer called it roses (50 %)."


def test_photos_come_twelve_a_page(ids: tuple[str, ...]) -> None:
    """Thirty photos are three pages: one can go on and back, and nowhere else."""
    app = opened(list(ids[:30]))
    assert "1–12 of 30 photos" in texts(app)
    assert (app.button(key="gallery-back").disabled, len(pictures(app))) == (True, 12)
    app.button(key="gallery-on").click().run()
    app.button(key="gallery-on").click().run()
    assert "25–30 of 30 photos" in texts(app)
    assert (app.button(key="gallery-on").disabled, len(pictures(app))) == (True, 6)
    app.button(key="gallery-back").click().run()
    assert "13–24 of 30 photos" in texts(app)


def test_one_page_needs_no_turning(ids: tuple[str, ...]) -> None:
    """Twelve photos or fewer have no buttons."""
    app = opened(list(ids[:12]))
    assert len(pictures(app)) == 12
    assert not app.button


def test_photos_that_are_gone_are_listed(home: Home) -> None:
    """Without the pictures there is a sentence that says so, and a table with ids and answers."""
    app = opened(["garden-00007"], at_hand=False)
    assert "no longer in this lab" in texts(app)
    assert not pictures(app)
    row = app.dataframe[0].value.iloc[0]
    assert row["Photo"] == "garden-00007"
    assert row["From *scratch*"] == "✗ tulips 97 %"


def test_a_photo_that_is_missing_does_not_stop_the_others(ids: tuple[str, ...]) -> None:
    """An id that the data set does not know says so in its place."""
    app = opened(["nothing", ids[0]])
    assert not app.exception
    assert len(pictures(app)) == 1
    assert "nothing cannot be read" in texts(app)


def test_other_classes_stand_beside_the_answer() -> None:
    """A probability that is asked for beside the answer is in the sentence and in the table."""
    tile = Tile("x", "roses", (Said("A", "tulips", 0.8, right=False, beside=(("roses", 0.05), ("daisy", 0.001))),))
    assert tile.sentence == "Photo x: roses. A called it tulips (80 %; roses 5 %; daisy under 1 %)."
    assert table_rows([tile]) == [{"Photo": "x", "Truth": "roses", "A": "✗ tulips 80 %, roses 5 %, daisy under 1 %"}]


def test_tiles_are_plain() -> None:
    """A tile without answers has a sentence too."""
    assert Tile("x", "roses", ()).sentence.startswith("Photo x: roses.")
