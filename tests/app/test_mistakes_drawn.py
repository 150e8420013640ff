"""The Mistakes page for those who do not see it, and how much it reads and makes for what it shows."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.originals import Originals
from flowerlab.home import Home
from flowerlab.inference.classify import finished_runs
from flowerlab.ui.base.lab import lab
from flowerlab.ui.mistakes import gallery
from flowerlab.ui.widgets import photo_grid as photos_view
from tests.support.garden_runs import WRONG, add_run, charts, cut, hashed, open_view
from tests.support.pages import texts
from tests.support.text_alternatives import alternatives, tables_opened


def test_every_chart_image_and_table_has_its_own_text_alternative(home: Home, twins: Originals) -> None:
    """In every view of two runs, with all tables and popovers open, each chart, image and table says what it shows, and no chart
    says the same as another; no two buttons of one view have the same name."""
    runs = [add_run(home, twins, "first"), add_run(home, twins, "second", seed=1)]
    hashed(twins)
    query = {"runs": ",".join(run.id for run in runs)}
    state = tables_opened(runs) | {f"worst-{runs[0].id}-twin-{twins.ids[cut(twins, 'test')[0]]}": True}
    # Per run four charts and three tables; one photo large and all of them small.
    of_epochs = 2 * (4 + 3) + 1 + len(cut(twins, "validation"))
    for view, drawn in {"worst": WRONG + 2, "epochs": of_epochs, "calibration": 4, "duplicates": 2}.items():
        app = open_view(view, query=query, state=state)
        assert not app.exception
        found = alternatives(app)
        assert len(found) == drawn, view
        assert all(found), view
        told = [chart.proto.alt for chart in app.get("echarts_chart")]
        assert len(set(told)) == len(told), view
        labels = [button.label for button in app.button]
        assert len(set(labels)) == len(labels), view


def test_lines_stand_in_a_table(home: Home, garden: Originals) -> None:
    """Recall and one photo's probabilities are tables with a row an epoch and the numbers of the charts."""
    run = add_run(home, garden)
    app = open_view("epochs", state=tables_opened([run]))
    recall, photo = (frame.value for frame in app.dataframe if "Epoch" in frame.value)
    for table, chart in ((recall, charts(app)[1]), (photo, charts(app)[3])):
        assert table["Epoch"].tolist() == ["1", "2", "3", "4"]
        for series in chart["series"]:
            column = table[series["name"].split(" ", 1)[1]]
            assert column.tolist() == [f"{value:.1f} %" for value in series["data"]]


class Counted:
    """How often something was called."""

    def __init__(self, real: Any) -> None:
        self.real, self.calls = real, 0

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Counts, and does what the real one does."""
        self.calls += 1
        return self.real(*arguments, **options)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Counts how often a photo is decoded for a page."""
    counted = Counted(photos_view.read_photo)
    monkeypatch.setattr(photos_view, "read_photo", counted)
    return counted


def test_no_photo_is_decoded_twice(home: Home, twins: Originals, read: Counted) -> None:
    """Each view decodes what it shows, once: a rerun decodes nothing; the photos of a popover wait until it is opened."""
    run = add_run(home, twins)
    hashed(twins)
    app = open_view("duplicates")
    assert read.calls == 2
    app.run()
    assert read.calls == 2
    app = open_view("epochs", state={"mistakes-epoch": 2})
    # The photo that is looked at, and the twelve (of fewer validation photos all) that can be.
    shown = 1 + min(12, len(cut(twins, "validation")))
    assert read.calls == 2 + shown
    app.slider(key="mistakes-epoch").set_value(3).run()
    assert read.calls == 2 + shown
    app = open_view("worst")
    assert len(app.get("image")) == WRONG
    assert read.calls == 2 + shown + WRONG
    popover = f"worst-{run.id}-twin-{twins.ids[cut(twins, 'test')[0]]}"
    app = open_view("worst", state={popover: True})
    assert len(app.get("image")) == WRONG + 2
    assert read.calls == 2 + shown + WRONG


def test_the_cache_holds_all_of_tf_flowers() -> None:
    """3,670 photos have room, so that turning pages back and forth decodes none anew."""
    assert photos_view.KEPT_PICTURES >= 3670


def test_tiles_are_made_for_the_page_alone(home: Home, garden: Originals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 18 test photos the twelve on the page are made, not one more; on the second page the other six."""
    run = add_run(home, garden)
    hashed(garden)
    made = Counted(gallery.tile_of)
    monkeypatch.setattr(gallery, "tile_of", made)
    app: AppTest = open_view("worst", state={"mistakes-show": "all"})
    assert "1–12 of 18 photos" in texts(app)
    assert made.calls == 12
    made.calls = 0
    app.session_state[f"worst-{run.id}-all--1-page"] = 1
    app.run()
    assert "13–18 of 18 photos" in texts(app)
    assert made.calls == 6
    assert finished_runs(lab().store, lab().home) == [run]
