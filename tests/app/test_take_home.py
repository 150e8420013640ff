"""Taking a run home from its page, the form as code, and links that hide controls and pages."""

from __future__ import annotations

import ast
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from streamlit.navigation.page import StreamlitPage
from streamlit.testing.v1 import AppTest

from flowerlab.export.model_files import conversion
from flowerlab.home import Home
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.tasks import Task
from flowerlab.ui.base.class_link import EXTRAS, HIDE, PAGES
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.page_titles import page_titles
from flowerlab.ui.train.link_builder import class_link
from tests.support.pages import open_page, texts
from tests.support.recipes import recipes
from tests.support.runs import add_finished


def code_of(app: AppTest) -> str:
    """The code panel's text."""
    (panel,) = [block.value for block in app.code if block.language == "python"]
    return str(panel)


def controls(app: AppTest) -> set[str]:
    """Names of the knobs that the page shows a widget for."""
    keys = [
        str(widget.key)
        for kind in ("selectbox", "slider", "select_slider", "text_input", "number_input")
        for widget in app.get(kind)
    ]
    return {name for name in KNOBS for key in keys if key == f"train-{name}" or key.startswith(f"train-{name}-")}


def extras(app: AppTest) -> set[str]:
    """Which of `EXTRAS` the page shows."""
    keys = {str(widget.key) for kind in ("button_group", "multiselect") for widget in app.get(kind)}
    found = {name for name, key in (("presets", "train-preset"), ("sweep", "sweep-knobs"), ("link", "link-hide")) if key in keys}
    return found | ({"code"} if any(block.language == "python" for block in app.code) else set())


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Keeps the names of the pages that the navigation shows, a list for each run of the app."""
    found: list[list[str]] = []
    navigation = st.navigation

    def kept(pages: list[StreamlitPage], **options: Any) -> StreamlitPage:
        found.append([page.title for page in pages if page.visibility == "visible"])
        return navigation(pages, **options)

    monkeypatch.setattr(st, "navigation", kept)
    return found


# Take home


def test_a_finished_run_offers_every_form(tmp_path: Path) -> None:
    """Notebook, script, card and both models have a button and a sentence; a run under way, or without a model, offers nothing."""
    home = Home(tmp_path / "home").create()
    run = add_finished(home, "Mine", materials="")
    app = open_page("train", query={"run": run.id})
    labels = {button.proto.label for button in app.get("download_button")}
    assert labels == {f"⬇️ {name}" for name in ("Notebook", "Script", "Card", "Model for Keras")}
    assert app.button(key="convert-litert").label == "⚙️ Convert: Model for phones"
    assert "dandelion, daisy, tulips, sunflowers, roses" in texts(app).replace("\\", "")
    (home.run(run.id) / "model.keras").unlink()
    assert not app.run().get("download_button")


@pytest.mark.parametrize("fails", [False, True])
def test_a_conversion_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    """While it runs the row says so; then there is the file with its largest difference, or the reason and another try."""
    gate = threading.Event()

    def answered(task: Task[Any], role: str, request: dict[str, Any], **_: Any) -> dict[str, Any]:
        gate.wait(30)
        if fails:
            raise OSError("disk full <b>")
        Path(request["file"]).write_bytes(b"TFL3")
        return {"kind": "done", "difference": 2.6e-7}

    monkeypatch.setattr("flowerlab.tasks.convert_model.done_by_process", answered)
    run = add_finished(Home(tmp_path / "home").create(), "Mine")
    app = open_page("train", query={"run": run.id})
    app.button(key="convert-litert").click().run()
    assert "being converted" in texts(app)
    assert app.button(key="convert-litert").disabled
    gate.set()
    task = lab().tasks.state(conversion(lab(), run, "litert", ".tflite"))
    assert task is not None
    assert task.wait(30)
    said = texts(app.run())
    assert ("differs by more than 0.0000003" in said) == (not fails)
    if fails:
        assert "disk full \\<b\\>" in said
        assert not app.button(key="convert-litert").disabled
    else:
        assert "⬇️ Model for phones" in {button.proto.label for button in app.get("download_button")}


# The form as code


def test_the_code_follows_the_sliders() -> None:
    """Moving a slider changes the line that it stands for; B and then C are two trainings."""
    app = open_page("train", query={"architecture": "vgg16_mini"})
    assert "epochs=5," in code_of(app)
    app.select_slider(key="train-epochs").set_value(12).run()
    app.select_slider(key="train-unfreeze_from-vgg16_mini").set_value("block4_conv3").run()
    text = code_of(app)
    assert "epochs=12," in text
    assert 'index("block4_conv3")' in text
    ast.parse(text)
    app.segmented_control(key="train-preset").set_value("C").run()
    assert code_of(app).count("model.fit(") == 2


# Links


@hypothesis_settings(max_examples=40)
@given(
    recipes(),
    some.lists(some.sampled_from([*KNOBS, *EXTRAS]), unique=True),
    some.lists(some.sampled_from(["data", "home"]), unique=True),
)
def test_a_link_is_the_recipe(recipe: Recipe, hidden: list[str], left_out: list[str]) -> None:
    """Whatever the form says, the link gives it back, with what is to be hidden beside it."""
    link = class_link("http://lab.example:8501/train", recipe, hidden, left_out, list(page_titles()))
    asked = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
    assert urlsplit(link).path == "/train"
    assert asked.pop(HIDE, "") == ",".join(hidden)
    pages = asked.pop(PAGES, "")
    assert pages == (",".join(name for name in page_titles() if name not in left_out) if left_out else "")
    assert Recipe.parse(asked) == recipe


def test_hidden_controls_keep_the_link_s_values() -> None:
    """Every knob can be hidden; the recipe that starts is the link's, whatever is hidden."""
    wanted = Recipe.parse(
        {
            "architecture": "vgg16_mini",
            "epochs": "7",
            "dropout": "0.25",
            "seed": "3",
            "augment": "flip",
            "head": "9",
            "patience": "2",
            "image_size": "64",
            "split": "lecture",
            "learning_rate": "0.0003",
        }
    )
    app = open_page("train", query={**wanted.to_query(), "hide": ",".join([*KNOBS, *EXTRAS])})
    assert not app.exception
    assert controls(app) == set()
    assert not app.code
    app.button(key="start").click().run()
    assert lab().store.all()[0].recipe == wanted


def test_a_link_hides_what_it_names_and_nothing_else() -> None:
    """Two knobs are gone, the others stand; the address keeps the wish through a rerun and another page; one click shows all."""
    everything = controls(open_page("train"))
    app = open_page("train", query={"hide": "optimizer,epochs", "pages": "train,compare"})
    assert everything - controls(app) == {"optimizer", "epochs"}
    app.select_slider(key="train-batch_size").set_value(64).run()
    assert app.query_params["hide"] == "optimizer,epochs"
    app.switch_page("pages/compare.py").run()
    assert app.query_params["pages"] == "train,compare"
    app.switch_page("pages/train.py").run()
    assert everything - controls(app) == {"optimizer", "epochs"}
    app.button(key="show-everything").click().run()
    assert controls(app) == everything
    assert "hide" not in app.query_params


@pytest.mark.parametrize("hidden", EXTRAS)
def test_a_link_hides_what_stands_beside_the_knobs(hidden: str) -> None:
    """The presets, the sweep, the code and the link itself: each is there, and gone alone where a link hides it."""
    assert extras(open_page("train")) == set(EXTRAS)
    app = open_page("train", query={"hide": hidden})
    assert not app.exception
    assert extras(app) == set(EXTRAS) - {hidden}
    app.button(key="show-everything").click().run()
    assert extras(app) == set(EXTRAS)


def test_a_link_names_the_pages_that_the_navigation_shows(shown: list[list[str]]) -> None:
    """The others are gone from it, on every page, until one click shows all; whoever is led to one of them sees it."""
    everything = [title for title, _icon in page_titles().values()]
    open_page("train")
    assert shown[-1] == everything
    app = open_page("train", query={"pages": "train,compare"})
    assert shown[-1] == ["Train", "Compare"]
    app.switch_page("pages/data.py").run()
    assert not app.exception
    assert app.title[0].value == "Data"
    assert shown[-1] == ["Train", "Compare"]
    app.button(key="show-everything").click().run()
    assert shown[-1] == everything


@pytest.mark.parametrize("key", ["hide", "pages"])
def test_unknown_names_in_a_link_are_told_and_left_aside(key: str) -> None:
    """Names that nobody knows, and hostile ones, are one sentence; all that the page has stays."""
    everything = controls(open_page("train"))
    app = open_page("train", query={key: "<img src=x>,nobody,../../etc"})
    assert not app.exception
    assert controls(app) == everything
    (told,) = [info.value for info in app.info if "left aside" in info.value]
    assert "nobody" in told
    assert "<img" not in told.replace("\\<img", "")
