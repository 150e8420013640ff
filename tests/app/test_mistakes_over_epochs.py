"""The Mistakes page: epoch by epoch, and calibration."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.datasets.originals import Originals
from flowerlab.evaluation.confusion import Cell
from flowerlab.home import Home
from flowerlab.results.answers import MOST_RUNS
from flowerlab.ui.mistakes.opened_photos import BINS, OVER_EPOCHS
from tests.support.garden_runs import EPOCHS, add_run, charts, cut, open_view
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished, write_predictions

# Epoch by epoch


def test_the_slider_moves_matrix_recall_and_one_photo(home: Home, garden: Originals) -> None:
    """Validation photos, so labelled; at another epoch the matrix, the marked epoch and the photo's answer are others."""
    add_run(home, garden)
    app = open_view("epochs", state={"mistakes-epoch": 2})
    assert not app.exception
    told = texts(app)
    assert "validation photos" in told
    count = len(cut(garden, "validation"))
    assert f"After epoch 2 of {EPOCHS}: {count} of {count} validation photos named rightly" in told.replace("\\", "")
    app.slider(key="mistakes-epoch").set_value(1).run()
    assert f"After epoch 1 of {EPOCHS}: {count - 1} of {count} validation photos" in texts(app).replace("\\", "")
    matrix, recall, bars, lines = charts(app)
    assert matrix["series"][0]["type"] == "heatmap"
    assert recall["series"][0]["markLine"]["data"] == lines["series"][0]["markLine"]["data"] == [{"xAxis": 0}]
    first = int(garden.labels[cut(garden, "validation")[0]])
    values = [bar["value"] for bar in bars["series"][0]["data"]]
    assert int(np.argmax(values)) == (first + 1) % 5
    assert [series["data"][1] for series in lines["series"]][first] == pytest.approx(60)


def test_a_cell_of_the_epoch_matrix_opens_its_validation_photos(home: Home, garden: Originals) -> None:
    """The cell is framed; its photos are the validation photos that were called so after that epoch, and are labelled so; at
    another epoch they are others; Close shuts it; where nothing was called so, a sentence says it."""
    run = add_run(home, garden)
    photo = cut(garden, "validation")[0]
    truth = int(garden.labels[photo])
    answer = (truth + 1) % 5
    opened = (f"epoch-matrix-{run.id}", Cell(truth, answer))
    app = open_view("epochs", state={"mistakes-epoch": 1, f"{OVER_EPOCHS}-open": opened})
    assert not app.exception
    assert f"Validation photos: 1 of {FLOWERS[truth]} that “run” called {FLOWERS[answer]} after epoch 1" in texts(app)
    matrix = charts(app)[0]["series"]
    assert (matrix[0]["selectedMode"], matrix[1]["data"][0]["value"][:2]) == ("single", [answer, truth])
    tile = next(image.proto.imgs[0].alt for image in app.get("image"))
    assert tile == f"Photo {garden.ids[photo]}: {FLOWERS[truth]}. run called it {FLOWERS[answer]} (60 %)."
    app.slider(key="mistakes-epoch").set_value(2).run()
    assert f"after epoch 2 “run” called no {FLOWERS[truth]} {FLOWERS[answer]}" in texts(app)
    app.button(key="epoch-cell-close").click().run()
    assert "Validation photos:" not in texts(app)


def test_photos_whose_answer_moved_most_come_first_and_can_be_chosen(home: Home, garden: Originals) -> None:
    """The photo that turned at every epoch is shown first; a press under another shows that one."""
    add_run(home, garden)
    photos = [garden.ids[place] for place in cut(garden, "validation")]
    app = open_view("epochs")
    looks = [str(button.key) for button in app.button if "mistakes-look-" in str(button.key)]
    assert looks[0] == f"mistakes-look-{photos[0]}"
    assert app.get("image")[0].proto.imgs[0].alt.startswith(f"Validation photo {photos[0]}")
    app.button(key=f"mistakes-look-{photos[3]}").click().run()
    assert app.get("image")[0].proto.imgs[0].alt.startswith(f"Validation photo {photos[3]}")


def test_two_runs_stand_at_the_same_epoch(home: Home, garden: Originals) -> None:
    """Two runs have a matrix, recall and the same photo each; the one that ended before says so."""
    runs = [add_run(home, garden, "long"), add_run(home, garden, "short", epochs=2, seed=1)]
    app = open_view("epochs", query={"runs": ",".join(run.id for run in runs)}, state={"mistakes-epoch": 4})
    assert not app.exception
    assert len(charts(app)) == 8
    assert "This run ended here" in texts(app)


def test_six_runs_stand_three_in_a_row(home: Home, garden: Originals) -> None:
    """Every chosen run has its matrix, recall and answers to the photo at the slider's epoch; Compare leads here with all of them."""
    runs = [add_run(home, garden, f"run {number}", seed=number) for number in range(MOST_RUNS)]
    ids = ",".join(run.id for run in runs)
    app = open_view("epochs", query={"runs": ids}, state={"mistakes-epoch": 2})
    assert not app.exception
    assert len(charts(app)) == 4 * MOST_RUNS
    assert texts(app).count(f"After epoch 2 of {EPOCHS}") == MOST_RUNS
    app.slider(key="mistakes-epoch").set_value(3).run()
    assert texts(app).count(f"After epoch 3 of {EPOCHS}") == MOST_RUNS
    links = [link.proto for link in open_page("compare", query={"runs": ids}).get("page_link")]
    (together,) = [link for link in links if link.label == "See where they err, epoch by epoch"]
    assert all(run.id in str(together) for run in runs)


def test_the_same_id_among_other_photos_is_another_photo(home: Home, garden: Originals) -> None:
    """A run of a garden that was drawn otherwise names its photos alike: it is not shown as having answered this one."""
    first = add_run(home, garden)
    stranger = add_finished(home, "stranger", seed=9, materials="another garden")
    shutil.copy(home.run(first.id) / "predictions.npz", home.run(stranger.id) / "predictions.npz")
    app = open_view("epochs", query={"runs": f"{first.id},{stranger.id}"})
    assert not app.exception
    assert texts(app).count("none of this run's validation photos") == 1


def test_a_run_without_epochs_says_so(home: Home) -> None:
    """Where no answers of epochs were kept, a sentence says it, and there is no slider."""
    run = add_finished(home, "run")
    write_predictions(home.run(run.id), epochs=0)
    app = open_view("epochs")
    assert not app.exception
    assert "keeps no answers of its epochs" in texts(app)
    assert not app.slider


def test_one_epoch_needs_no_slider(home: Home, garden: Originals) -> None:
    """A single epoch is shown as it is."""
    add_run(home, garden, epochs=1)
    app = open_view("epochs")
    assert not app.exception
    assert "only one epoch" in texts(app)
    assert not app.slider


# Calibration


def test_calibration_is_told_in_a_sentence_a_diagram_and_a_table(home: Home) -> None:
    """Of 35 answers at 80 % 30 are right: the sentence says it, the diagram has both states and their counts, the table as well."""
    run = add_finished(home, "run")
    app = open_view("calibration")
    assert not app.exception
    assert "When it said 80 %, it was right in 86 of 100 (30 of the 35 photos at 80–87 %)." in texts(app)
    (figure,) = charts(app)
    assert [series["name"] for series in figure["series"]] == [
        "as answered",
        "as answered",
        "with the temperature",
        "with the temperature",
        "as sure as right",
    ]
    assert figure["series"][0]["data"] == [[80.0, 85.7]]
    assert sum(figure["series"][1]["data"]) == sum(figure["series"][3]["data"]) == 35
    assert app.metric[0].value == "5.7 %"
    app = open_view("calibration", state={f"reliability-table-open-{run.id}": True})
    assert app.dataframe[0].value["Photos"][0] == "35"


def test_a_stretch_of_the_diagram_opens_its_photos(home: Home, garden: Originals) -> None:
    """Its test photos come with those that were named wrongly first; only the answers as they are can be clicked; Close shuts it."""
    run = add_run(home, garden)
    app = open_view("calibration")
    modes = [series.get("selectedMode") for series in charts(app)[0]["series"]]
    assert modes == ["single", "single", False, False, None]
    app = open_view("calibration", state={f"{BINS}-open": (run.id, 12)})
    assert not app.exception
    assert "Test photos of which “run” was 80–87 % sure: 15 named rightly, 1 wrongly; these come first" in texts(app)
    alts = [image.proto.imgs[0].alt for image in app.get("image")]
    assert len(alts) == 12
    test = cut(garden, "test")
    assert alts[0].startswith(f"Photo {garden.ids[test[2]]}:")
    app.session_state[f"{BINS}-open"] = (run.id, 0)
    assert "There is no test photo of which “run” was 0–7 % sure" in texts(app.run())
    app.session_state[f"{BINS}-open"] = (run.id, 11)
    assert "Test photos of which “run” was 73–80 % sure: 0 named rightly, 1 wrongly" in texts(app.run())
    app.button(key="bin-close").click().run()
    assert "Test photos of which" not in texts(app)


def test_a_click_and_a_choice_open_the_same_stretch() -> None:
    """A click on a point or a bar, a second click on it, and a cell of the table each open the stretch that they stand for."""

    def page() -> None:
        from types import SimpleNamespace

        import streamlit as st

        from flowerlab.ui.confusion.open_choice import on_choice, on_click, opened_at

        def click(*selected: tuple[int, int]) -> None:
            groups: list[dict[str, Any]] = [{"series_index": one, "data_indices": [index]} for one, index in selected]
            st.session_state["chart"] = SimpleNamespace(selection=SimpleNamespace(selected=groups))
            series = ([4, 9], list(range(15)))
            on_click("bins", "chart", lambda one, index: series[one][index] if one < len(series) else None, part="run")()
            st.write(opened_at("bins", part="run"))

        click((0, 1))
        click((0, 1), (1, 7))
        click((1, 7))
        click((1, 7), (3, 2))
        st.session_state["table"] = SimpleNamespace(selection=SimpleNamespace(cells=[(1, "Photos")]))
        on_choice("bins", "table", lambda row, _column: (4, 11)[row], part="run")()
        st.write(opened_at("bins", part="run"), opened_at("bins", part="other"))

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [one.value for one in app.markdown] == ["`9`", "`7`", "`9`", "`9`", "`11` `None`"]
