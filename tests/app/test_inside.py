"""The Inside page."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.originals import Originals
from flowerlab.errors import PredictorFailed
from flowerlab.home import Home
from flowerlab.inference.predictor import Predictor
from flowerlab.runs.run import Run
from flowerlab.ui.base.lab import lab
from flowerlab.ui.inside.layers_view import layers_with_maps
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished
from tests.support.text_alternatives import alternatives

ANSWER = [0.02, 0.03, 0.93, 0.02, 0.0]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Answers without a process; keeps what was asked. A photo's features are its mean colour."""
    questions: list[tuple[str, dict[str, Any]]] = []

    def ask(predictor: Predictor, task: str, model: Path, **about: Any) -> dict[str, Any]:
        questions.append((task, about))
        if task == "explain":
            heat = np.zeros((4, 4), dtype=np.float32)
            label = 2 if about["label"] is None else about["label"]
            heat[0, 0 if label == 2 else 3] = 1
            return {"heat": heat, "places": (4, 4), "layer": "conv3", "label": label, "probabilities": np.asarray(ANSWER)}
        if task == "maps":
            channels = list(range(about["begin"], about["begin"] + about["count"]))
            maps = np.zeros((len(channels), 5, 5), dtype=np.uint8)
            maps[:, 4, 4] = 255
            ends = [1.0] * len(channels)
            return {"maps": maps, "channels": channels, "lows": ends, "highs": ends, "channels_in_all": 16, "silent": 3}
        if task == "filters":
            # A green edge and a patch of blue.
            filters = np.full((2, 3, 3, 3), 100, dtype=np.uint8)
            filters[0, :, 0, 1], filters[1, :, :, 2] = 255, 255
            return {"layer": "conv1", "filters": filters}
        if task == "embed":
            return {"features": about["photos"].mean(axis=(1, 2), dtype=np.float32)}
        return {"picture": np.zeros((8, 8, 3), dtype=np.uint8), "low": -1.0, "high": 1.0, "channel_order": [2, 1, 0]}

    monkeypatch.setattr(Predictor, "warm", lambda predictor, *model: None)
    monkeypatch.setattr(Predictor, "ask", ask)
    return questions


def add(home: Home, garden: Originals, name: str = "run", **knobs: Any) -> Run:
    """A finished run on that garden."""
    return add_finished(home, name, materials=garden.folder.name, **knobs)


def alts(app: Any) -> str:
    """The text alternatives of all pictures of a page."""
    return "\n".join(picture.alt for image in app.get("image") for picture in image.proto.imgs)


def maps_asked(asked: list[tuple[str, dict[str, Any]]]) -> list[tuple[int, int, int]]:
    """Of each question for feature maps the layer's place, and the first and the number of its channels."""
    return [(about["place"], about["begin"], about["count"]) for task, about in asked if task == "maps"]


def wait_for(what: Callable[[], bool]) -> None:
    """Returns when it is so."""
    due_s = time.monotonic() + 30
    while not what():
        assert time.monotonic() < due_s
        time.sleep(0.01)


def test_without_a_finished_run_the_page_leads_home(home: Home) -> None:
    """The empty page says that nothing is finished and offers the way to Home."""
    app = open_page("inside")
    assert not app.exception
    assert "No finished run yet" in texts(app)
    assert app.button(key="go-home").label


def test_where_it_looks_is_shown_and_told(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """At first the newest run's map of a test photo for its answer; the map is also a sentence, and what the network gets is beside it."""
    add(home, garden)
    app = open_page("inside")
    assert not app.exception
    assert [task for task, _ in asked] == ["explain", "input"]
    assert asked[0][1]["label"] is None
    told = texts(app)
    assert "tulips" in told
    assert "93 %" in told
    assert "at the upper left" in told
    assert "Blue comes first" in told
    assert "Where run looks for tulips" in alts(app)


def test_another_class_has_another_map_and_opacity_asks_nothing(
    home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    """The class that is chosen is asked for; the slider draws what is known again."""
    add(home, garden)
    app = open_page("inside")
    app.selectbox(key="inside-label").set_value(0).run()
    assert asked[-1][1]["label"] == 0
    assert "at the upper right" in texts(app)
    assert "its answer is" in texts(app)
    count = len(asked)
    app.slider(key="inside-opacity").set_value(20).run()
    assert not app.exception
    assert len(asked) == count


def test_two_runs_have_a_difference(
    home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both maps and where one looks more than the other, in words too."""
    first, second = add(home, garden, "first"), add(home, garden, "second", seed=1)
    ask, labels = Predictor.ask, []

    def other(predictor: Predictor, task: str, model: Path, **about: Any) -> dict[str, Any]:
        if task == "explain":
            labels.append(about["label"])
        if task == "explain" and second.id in str(model):
            # Only so that its map is another one.
            about["label"] = 0
        return ask(predictor, task, model, **about)

    monkeypatch.setattr(Predictor, "ask", other)
    app = open_page("inside", query={"runs": f"{first.id},{second.id}"})
    assert not app.exception
    assert labels == [None, 2]
    assert "what first answers" in app.selectbox(key="inside-label").options
    assert "first looks more at the upper left; second looks more at the upper right" in texts(app)
    assert "Difference of where two runs look" in alts(app)


def test_layers_come_page_by_page(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """The strongest channels of the first convolution, under the strip of all layers; more only when asked; another layer by its place,
    and from its strongest channel."""
    run = add(home, garden)
    app = open_page("inside", state={"inside-view": "layers"})
    assert not app.exception
    assert maps_asked(asked) == [(1, 0, 12)]
    assert [chart.proto.alt for chart in app.get("echarts_chart")] == ["All 3 layers with weights learn, and the head behind them."]
    assert "3 of the 16 channels are the same everywhere" in texts(app)
    assert "Channel 0 of layer conv1, number 1 by strength: lightest at the lower right" in alts(app)
    app.button(key=f"inside-maps-{run.id}-1-on").click().run()
    assert maps_asked(asked)[1:] == [(1, 12, 12)]
    assert "Channel 12 of layer conv1, number 13 by strength" in alts(app)
    assert "Channel 0 of" not in alts(app)
    (place,) = [place for place, layer in layers_with_maps(run) if layer.name == "conv2"]
    app.selectbox(key="inside-layer-handmade").set_value(place).run()
    assert maps_asked(asked)[2:] == [(place, 0, 12)]
    assert {task for task, _ in asked} == {"maps"}


def test_filters_are_asked_for_when_they_are_opened(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """Shut, the part with the first filters asks nothing; open, it shows each with a sentence."""
    run = add(home, garden)
    app = open_page("inside", state={"inside-view": "layers"})
    assert {task for task, _ in asked} == {"maps"}
    app.session_state[f"inside-filters-{run.id}"] = True
    app.run()
    assert not app.exception
    assert [task for task, _ in asked] == ["maps", "filters"]
    assert "these 2 patches of 3 × 3 pixels" in texts(app)
    told = [words for words in alternatives(app) if words.startswith("Filter")]
    assert told == ["Filter 0: most for green, left against right", "Filter 1: most for blue, without a direction"]


def test_an_own_photo_is_looked_at(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """It is chosen as soon as it is brought, and told by its name; a file that is no photo gets a sentence."""
    add(home, garden)
    app = open_page("inside")
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(file, "PNG")
    app.file_uploader(key="inside-upload").set_value(("mine.png", file.getvalue(), "image/png"))
    app.run()
    assert not app.exception
    assert "the photo mine.png" in alts(app)
    app.file_uploader(key="inside-upload").set_value(("fake.png", b"<html></html>", "image/png"))
    app.run()
    assert not app.exception
    assert "fake" in app.error[0].value


def test_other_test_photos_are_looked_at_whatever_was_brought(
    home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    """The button leaves an own photo aside: the first of the new test photos is looked at."""
    add(home, garden)
    app = open_page("inside")
    file = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(file, "PNG")
    app.file_uploader(key="inside-upload").set_value(("mine.png", file.getvalue(), "image/png"))
    app.run()
    app.button(key="inside-others").click().run()
    assert not app.exception
    assert "the photo mine.png" not in alts(app)
    assert "the photo garden-" in alts(app)


def test_a_photo_of_the_second_run_is_found(
    home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two runs on different photos, what was chosen in the map of the second one is looked at, and no other photo."""
    first, second = add(home, garden, "first"), add(home, garden, "second", seed=1)
    monkeypatch.setattr(
        "flowerlab.ui.explain.photo_choice.run_photos", lambda home, store, data, run: garden if run.id == second.id else None
    )
    app = open_page("inside", query={"runs": f"{first.id},{second.id}", "photo": garden.ids[7]})
    assert not app.exception
    assert f"the photo {garden.ids[7]}," in alts(app)


def test_a_link_opens_a_photo(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """`?photo=ID` looks at that photo; an id of nowhere at a sample."""
    add(home, garden)
    app = open_page("inside", query={"photo": "garden-00007"})
    assert not app.exception
    assert "the photo garden-00007" in alts(app)
    assert not open_page("inside", query={"photo": "<script>"}).exception


@pytest.mark.parametrize(("word", "view"), [("layers", "layers"), ("map", "map"), ("nonsense", "where")])
def test_a_link_opens_a_view(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]], word: str, view: str) -> None:
    """`?view=layers` opens the layers, and the address keeps the word; a word that names no view opens the first one."""
    add_finished(home, "run", tested=False)
    app = open_page("inside", query={"view": word})
    assert not app.exception
    assert app.segmented_control(key="inside-view").value == view
    assert app.query_params["view"] in (view, [view])


def test_a_predictor_that_fails_is_told(home: Home, garden: Originals, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own words, and the page stays whole."""

    def fail(predictor: Predictor, task: str, model: Path, **about: Any) -> dict[str, Any]:
        raise PredictorFailed("The machine may be too busy.")

    monkeypatch.setattr(Predictor, "warm", lambda predictor, *model: None)
    monkeypatch.setattr(Predictor, "ask", fail)
    add(home, garden)
    for view in ("where", "layers"):
        app = open_page("inside", state={"inside-view": view})
        assert not app.exception
        assert "too busy" in app.error[0].value


def open_map(run: Run) -> AppTest:
    """The page with the map of a run, whose test photos one press has let through."""
    app = open_page("inside", state={"inside-view": "map"})
    assert not app.exception
    assert not app.get("plotly_chart")
    app.button(key=f"inside-test-{run.id}-start").click().run()
    wait_for(all_let_through)
    app.run()
    assert not app.exception
    return app


def all_let_through() -> bool:
    """Whether no photos are on their way through a network."""
    return all(task.over for task in lab().tasks._tasks.values())


def figure_of(app: AppTest) -> dict[str, Any]:
    """The one figure of the page."""
    (chart,) = app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def select(app: AppTest, run: Run, points: list[tuple[int, int]], *, colour: str = "class") -> None:
    """Selects points of the map, each by its group and its place there, as a click or the lasso does."""
    told = [{"curve_number": group, "point_index": place} for group, place in points]
    app.session_state[f"inside-map-{run.id}-tsne-{colour}"] = SimpleNamespace(selection=SimpleNamespace(points=told))
    app.run()
    # The training photos are let through without being asked for, as soon as a photo is open.
    wait_for(all_let_through)
    app.run()
    assert not app.exception


def opened(app: AppTest) -> list[str]:
    """Ids of the photos that are open: each has its picture and its neighbours."""
    return [words.split(":")[0].removeprefix("Photo ") for words in alternatives(app) if words.startswith("Photo ")]


def test_the_map_groups_photos_by_class_or_by_error(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """One press lets the test photos through; then the map stands with its sentence, coloured by class or by right and wrong, laid out
    in one of two ways."""
    app = open_map(add(home, garden))
    assert "5 were named wrongly" in texts(app)
    by_class = figure_of(app)["data"]
    assert [group["name"] for group in by_class] == [
        "● dandelion (7)",
        "▲ daisy (7)",
        "■ tulips (7)",
        "◆ sunflowers (7)",
        "★ roses (7)",
    ]
    app.segmented_control(key="inside-map-colour").set_value("error").run()
    assert not app.exception
    assert [group["name"] for group in figure_of(app)["data"]] == ["right (30)", "wrong (5)"]
    app.segmented_control(key="inside-map-colour").set_value("class").run()
    app.segmented_control(key="inside-map-how").set_value("pca").run()
    assert not app.exception
    by_pca = figure_of(app)["data"]
    assert [group["name"] for group in by_pca] == [group["name"] for group in by_class]
    assert [group["x"] for group in by_pca] != [group["x"] for group in by_class]


def test_a_point_opens_its_photo_with_its_neighbours(
    home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    """The second of the tulips is the 16th test photo, the fourth wrong one the 28th; its nearest training photos are beside it, and
    a press leads to where it is looked at."""
    run = add(home, garden)
    app = open_map(run)
    assert opened(app) == []
    select(app, run, [(2, 1)])
    assert opened(app) == ["garden-00015"]
    assert "number 5 by likeness" in alts(app)
    assert alts(app).count("Training photo") == 5
    app.segmented_control(key="inside-map-colour").set_value("error").run()
    select(app, run, [(1, 3)], colour="error")
    assert opened(app) == ["garden-00027"]
    app.button(key="inside-look-at").click().run()
    assert not app.exception
    assert "the photo garden-00027" in alts(app)


def test_several_points_are_shown_and_each_can_be_opened(
    home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    """What the lasso took is counted and shown, with a button each that opens it; it stays open while the points are selected, until
    another point is clicked."""
    run = add(home, garden)
    app = open_map(run)
    select(app, run, [(0, 0), (4, 6), (1, 2)])
    assert "3 selected photos" in texts(app)
    assert opened(app) == ["garden-00000", "garden-00034", "garden-00009"]
    assert "inside-look-at" not in {button.key for button in app.button}
    app.button(key=f"inside-map-opened-{run.id}-open-garden-00034").click().run()
    wait_for(all_let_through)
    app.run()
    assert opened(app) == ["garden-00000", "garden-00034", "garden-00009", "garden-00034"]
    select(app, run, [(1, 2)])
    assert opened(app) == ["garden-00009"]
    assert "selected photos" not in texts(app)


def test_the_map_s_table_opens_a_photo_too(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """All photos are in it. A row that is chosen opens its photo, and it stays, whatever was clicked on the map before."""
    run = add(home, garden)
    app = open_map(run)
    select(app, run, [(2, 1)])
    (table,) = app.dataframe
    assert list(table.value["Photo"]) == [f"garden-{number:05d}" for number in range(35)]
    app.session_state[f"inside-map-opened-{run.id}-table"] = {"selection": {"rows": [20], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    assert opened(app) == ["garden-00020"]
    # The point is still selected, which is no news.
    assert opened(app.run()) == ["garden-00020"]


def test_who_does_not_see_the_page_is_told_all_of_it(
    home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    """On each of the three views every picture, chart and table says what it shows."""
    first, second = add(home, garden, "first"), add(home, garden, "second", seed=1)
    app = open_page("inside", query={"runs": f"{first.id},{second.id}"})
    # Samples, two maps and their difference, and of each run what the network gets, twice.
    assert len(alternatives(app)) == 5 + 3 + 4
    assert all(alternatives(app))
    app = open_page("inside", query={"runs": first.id}, state={"inside-view": "layers", f"inside-filters-{first.id}": True})
    # Samples, the strip, a page of maps, two filters.
    assert len(alternatives(app)) == 5 + 1 + 12 + 2
    assert all(alternatives(app))
    app = open_map(second)
    select(app, second, [(0, 0), (1, 1)])
    app.button(key=f"inside-map-opened-{second.id}-open-garden-00008").click().run()
    wait_for(all_let_through)
    app.run()
    # The map and its table, two selected photos, the open one and its neighbours.
    assert len(alternatives(app)) == 2 + 2 + 1 + 5
    assert all(alternatives(app))


def test_a_run_that_was_not_tested_has_no_map(home: Home, garden: Originals, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """It says so; where the photos are not in the lab any more, too."""
    add(home, garden, tested=False)
    app = open_page("inside", state={"inside-view": "map"})
    assert not app.exception
    assert "was skipped" in texts(app)


def test_where_photos_are_missing_flowers_are_drawn(home: Home, asked: list[tuple[str, dict[str, Any]]]) -> None:
    """A run on photos that the lab lacks is shown drawn ones; its map says what to do."""
    add_finished(home, "run", dataset="tf_flowers")
    app = open_page("inside")
    assert not app.exception
    assert "looks for tulips in the photo drawn-" in alts(app)
    app = open_page("inside", state={"inside-view": "map"})
    assert "not in the lab" in texts(app)
