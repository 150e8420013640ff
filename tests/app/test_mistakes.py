"""The Mistakes page."""

from __future__ import annotations

import json
import shutil
import time
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.cells import Cell
from flowerlab.comparison import MOST_RUNS
from flowerlab.datasets.catalog import FLOWERS
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Original, Originals, open_originals, write_originals
from flowerlab.datasets.parts import parts_of
from flowerlab.home import Home
from flowerlab.run import Run
from flowerlab.ui import opened_bin
from flowerlab.ui.lab import lab
from flowerlab.ui.opened_cell import OPENED, Opened
from tests.app.finished_runs import add_finished, open_page, texts, write_predictions

GARDEN = Garden(60)
EPOCHS = 4
WRONG = 3


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Originals:
    """A small garden, drawn once."""
    return gather(Home(tmp_path_factory.mktemp("drawn")).create(), "garden", GARDEN)


@pytest.fixture
def garden(home: Home, drawn: Originals) -> Originals:
    """That garden in the lab."""
    shutil.copytree(drawn.folder, home.originals / drawn.folder.name)
    opened = open_originals(home.originals / drawn.folder.name)
    assert opened is not None
    return opened


def cut(originals: Originals, part: str, split: str = "honest") -> list[int]:
    """Positions of a part's photos."""
    order, parts = parts_of(originals, "garden", split=split, validation_fraction=0.2)
    return [int(place) for place in order[getattr(parts, part)]]


@pytest.fixture
def twins(home: Home, drawn: Originals) -> Originals:
    """The garden, but for one training photo that comes once more among the test photos, under another label."""
    tested = cut(drawn, "test")[0]
    trained = next(place for place in cut(drawn, "train") if drawn.labels[place] != drawn.labels[tested])
    photos = [Original(drawn.ids[place], int(drawn.labels[place]), drawn.data(place)) for place in range(len(drawn))]
    # Not the same bytes: the cut keeps identical photos together.
    photos[tested] = Original(drawn.ids[tested], int(drawn.labels[tested]), drawn.data(trained) + b"\0")
    return write_originals(home.originals / drawn.folder.name, drawn.classes, photos)


class Foreign:
    """A language in which every text is another one."""

    def gettext(self, text: str) -> str:
        """A text of that language, with the formats of the English one."""
        return f"‹{text}›"


def add_run(
    home: Home, originals: Originals, name: str = "run", *, split: str = "honest", epochs: int = EPOCHS, seed: int = 0
) -> Run:
    """A finished run on a garden. Of its test photos it names the first `WRONG` wrongly, surer from one to the next.

    Its answer to the first validation photo turns at every epoch, to all others never.
    """
    run = add_finished(home, name, materials=originals.folder.name, split=split, seed=seed)
    test, validation = cut(originals, "test", split), cut(originals, "validation", split)
    truth = originals.labels[test]
    probabilities = np.full((len(test), 5), 0.05, dtype=np.float32)
    probabilities[np.arange(len(test)), truth] = 0.8
    for place in range(WRONG):
        probabilities[place] = 0.01
        probabilities[place, (truth[place] + 1) % 5] = 0.96 - 0.1 * (WRONG - place)
        probabilities[place, truth[place]] = 0.01 + 0.1 * (WRONG - place)
    val_truth = originals.labels[validation]
    by_epoch = np.full((epochs, len(validation), 5), 0.1, dtype=np.float32)
    by_epoch[:, np.arange(len(validation)), val_truth] = 0.6
    for epoch in range(0, epochs, 2):
        by_epoch[epoch, 0] = 0.1
        by_epoch[epoch, 0, (val_truth[0] + 1) % 5] = 0.6
    np.savez_compressed(
        home.run(run.id) / "predictions.npz", classes=np.asarray(FLOWERS), test_truth=truth, test_probabilities=probabilities,
        test_ids=np.asarray([originals.ids[place] for place in test]), val_truth=val_truth, val_probabilities=by_epoch,
        val_ids=np.asarray([originals.ids[place] for place in validation]),
    )  # fmt: skip
    return run


def open_view(view: str, *, query: dict[str, str] | None = None, state: dict[str, Any] | None = None) -> AppTest:
    """Opens the page on one of its views."""
    return open_page("mistakes", query=query, state={"mistakes-view": view, **(state or {})})


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The ECharts options of the page, decoded."""
    return [json.loads(chart.proto.spec) for chart in app.get("echarts_chart")]


def hashed(originals: Originals) -> None:
    """Waits until near-duplicates were looked for."""
    state, due_s = lab().hasher.start(originals), time.monotonic() + 30
    while not state.over:
        assert time.monotonic() < due_s
        time.sleep(0.01)
    assert not state.error


def test_without_a_finished_run_the_page_leads_home(home: Home) -> None:
    """The empty page says that nothing is finished and offers the way to Home."""
    app = open_page("mistakes")
    assert not app.exception
    assert "No finished run yet" in texts(app)
    assert app.button(key="go-home").label
    assert not app.multiselect


def test_the_newest_run_is_chosen_at_first_and_a_link_chooses_another(home: Home) -> None:
    """One run at first; `?runs=id` and what was picked come back, at most as many as Compare takes."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(MOST_RUNS + 1)]
    assert open_page("mistakes").multiselect(key="mistakes-runs").value == [runs[-1].id]
    app = open_page("mistakes", query={"runs": ",".join(run.id for run in runs)})
    assert app.multiselect(key="mistakes-runs").value == [run.id for run in runs[:MOST_RUNS]]


def test_the_address_names_the_view_in_a_word_that_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`?view=calibration` opens that view in any language and is written back; a word of no view is passed over."""
    add_finished(home, "run")
    monkeypatch.setattr("flowerlab.locale._catalogue", lambda _language: Foreign())
    app = open_page("mistakes", query={"view": "calibration"})
    assert not app.exception
    assert "ECE" in texts(app)
    app.button_group(key="mistakes-view").set_value("epochs").run()
    assert app.query_params["view"] in ("epochs", ["epochs"])
    app = open_page("mistakes", query={"view": "<img src=x>"})
    assert not app.exception
    assert app.query_params["view"] in ("worst", ["worst"])


# Worst photos


def test_wrong_test_photos_come_largest_loss_first(home: Home, garden: Originals) -> None:
    """At first only the photos that were named wrongly, each with truth, answer, probability and loss; the formula is stated."""
    add_run(home, garden)
    hashed(garden)
    app = open_view("worst")
    assert not app.exception
    told = texts(app)
    assert f"**{WRONG} of 18 test photos** were named wrongly" in told
    assert "loss = −ln p(truth)" in told
    shown = [image.proto.imgs[0].alt for image in app.get("image")]
    test = cut(garden, "test")
    assert [alt.split(":")[0] for alt in shown] == [f"Photo {garden.ids[test[place]]}" for place in (2, 1, 0)]
    assert f"called it {FLOWERS[(garden.labels[test[2]] + 1) % 5]} (86 %)" in shown[0]
    assert "loss: 2.21" in shown[0]


def test_the_gallery_is_filtered_by_class_and_paged(home: Home, garden: Originals) -> None:
    """All 18 test photos are two pages; of one class there are as many as the test has."""
    add_run(home, garden)
    hashed(garden)
    app = open_view("worst", state={"mistakes-show": "all"})
    assert "1–12 of 18 photos" in texts(app)
    app.button(key=f"worst-{lab().finished()[0].id}-all--1-on").click().run()
    assert "13–18 of 18 photos" in texts(app)
    app = open_view("worst", state={"mistakes-show": "all", f"mistakes-class-{'|'.join(FLOWERS)}": 2})
    expected = sum(garden.labels[place] == 2 for place in cut(garden, "test"))
    assert len(app.get("image")) == expected


def test_a_doubtful_label_is_marked_as_a_hint(home: Home, garden: Originals) -> None:
    """Photos that the run is sure to be of another class are marked and can be shown alone, with the criterion; nothing is claimed."""
    add_run(home, garden)
    hashed(garden)
    app = open_view("worst", state={"mistakes-show": "label"})
    told = texts(app)
    assert "Confident learning" in told
    assert "a hint and no proof" in told
    assert len(app.get("image")) > 0
    assert all("may be labelled wrongly: look" in image.proto.imgs[0].alt for image in app.get("image"))


def test_photos_that_are_gone_are_listed(home: Home) -> None:
    """Without the pictures in the lab the gallery is a table, and nothing looks for near-duplicates."""
    add_finished(home, "run")
    app = open_view("worst")
    assert not app.exception
    assert "no longer in this lab" in texts(app)
    assert len(app.dataframe[0].value) == 5


def test_a_run_without_a_test_says_so(home: Home) -> None:
    """A run whose test was skipped has neither worst photos nor calibration, and says it in a sentence."""
    add_finished(home, "run", tested=False)
    for view in ("worst", "calibration"):
        app = open_view(view)
        assert not app.exception
        assert "was skipped" in texts(app)
        assert not charts(app)


# Near-duplicates


def test_near_duplicates_are_looked_for_while_the_page_shows_how_far(home: Home, garden: Originals) -> None:
    """They are looked for without being asked; when that has ended, the page says what was found."""
    add_run(home, garden)
    app = open_view("duplicates")
    assert not app.exception
    hashed(garden)
    assert "No two of the 60 photos" in texts(app.run())


def test_a_pair_across_training_and_test_is_a_leak(home: Home, twins: Originals) -> None:
    """The pair stands side by side, marked as a leak, and with its two labels; in the gallery the test photo leads to it."""
    add_run(home, twins)
    hashed(twins)
    app = open_view("duplicates")
    assert not app.exception
    told = texts(app)
    assert "**One of them** lies across training and test" in told
    assert "two labels" in told
    assert len(app.get("image")) == 2
    app = open_view("worst")
    alts = [image.proto.imgs[0].alt for image in app.get("image")]
    assert any("its near-duplicate was learnt from" in alt for alt in alts)
    assert len(app.get("image")) == WRONG + 2


def test_with_the_lectures_split_every_test_photo_was_seen(home: Home, twins: Originals) -> None:
    """Where all test photos were trained on, single pairs are not called the leak."""
    add_run(home, twins, split="lecture")
    hashed(twins)
    assert "every test photo was trained on anyway" in texts(open_view("duplicates"))


def test_a_search_that_was_ended_can_begin_again(
    home: Home, garden: Originals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody pressed Cancel: the page says so and offers to look again."""
    add_run(home, garden)
    app = open_page("mistakes")
    hashed(garden)
    state = lab().hasher.state(garden)
    assert state is not None
    state.error, state.cancelled = "It was cancelled.", True
    shutil.rmtree(home.hashes)
    home.create()
    app = open_view("duplicates")
    assert "It was cancelled" in texts(app)
    app.button(key="hash-start").click().run()
    hashed(garden)
    assert "No two of the 60 photos" in texts(app.run())


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
    opened = Opened(f"epoch-matrix-{run.id}", Cell(truth, answer))
    app = open_view("epochs", state={"mistakes-epoch": 1, OPENED: opened})
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
        "as answered", "as answered", "with the temperature", "with the temperature", "as sure as right"
    ]  # fmt: skip
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
    app = open_view("calibration", state={opened_bin.OPENED: opened_bin.OpenedBin(run.id, 12)})
    assert not app.exception
    assert "Test photos of which “run” was 80–87 % sure: 15 named rightly, 1 wrongly; these come first" in texts(app)
    alts = [image.proto.imgs[0].alt for image in app.get("image")]
    assert len(alts) == 12
    test = cut(garden, "test")
    assert alts[0].startswith(f"Photo {garden.ids[test[2]]}:")
    app.button(key="bin-close").click().run()
    assert "Test photos of which" not in texts(app)


def test_a_click_and_a_choice_open_the_same_stretch() -> None:
    """A click on a point or a bar, a second click on it, and a cell of the table each open the stretch that they stand for."""

    def page() -> None:
        from types import SimpleNamespace

        import streamlit as st

        from flowerlab.ui.opened_bin import on_bin_choice, on_bin_click, open_bin

        def click(*selected: tuple[int, int]) -> None:
            groups: list[dict[str, Any]] = [{"series_index": one, "data_indices": [index]} for one, index in selected]
            st.session_state["chart"] = SimpleNamespace(selection=SimpleNamespace(selected=groups))
            on_bin_click("run", "chart", ([4, 9], list(range(15))))()
            st.write(open_bin("run"))

        click((0, 1))
        click((0, 1), (1, 7))
        click((1, 7))
        click((1, 7), (3, 2))
        st.session_state["table"] = SimpleNamespace(selection=SimpleNamespace(cells=[(1, "Photos")]))
        on_bin_choice("run", "table", (4, 11))()
        st.write(open_bin("run"), open_bin("other"))

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [one.value for one in app.markdown] == ["`9`", "`7`", "`9`", "`9`", "`11` `None`"]


def test_names_cannot_bring_markup(home: Home) -> None:
    """A run's name with Markdown in it is shown as it was typed in every view."""
    run = add_finished(home, "*bold* :red[x]")
    write_predictions(home.run(run.id), epochs=0)
    for view in ("worst", "epochs", "calibration"):
        app = open_view(view)
        assert not app.exception
        assert "*bold*" not in texts(app).replace(r"\*bold\*", "")


def test_compare_and_train_lead_to_the_mistakes_of_a_run(home: Home) -> None:
    """Each matrix of Compare, and a finished run on Train, has a way here that takes the run along."""
    run = add_finished(home, "run")
    links = [link.proto for link in open_page("compare").get("page_link")]
    assert [link.label for link in links] == ["See where it errs"]
    assert run.id in str(links[0])
    app = open_page("train", query={"run": run.id})
    assert app.button(key="to-mistakes").label
