"""Addresses that somebody made up: each page still stands, and says in a sentence what it could not use."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.home import Home
from tests.support.hostile.recipes import BAD_IDS
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished

HOSTILE = "<img src=x onerror=alert(1)>![x](http://example.org/x)\n" + "x" * 3_000
# Half a character cannot be in an address: browsers and servers write UTF-8.
IDS = [text for text in BAD_IDS if text and text.isprintable()]


def stands(app: AppTest) -> str:
    """Fails if the page broke off; returns what it says."""
    assert not app.exception
    return texts(app)


@pytest.mark.parametrize("page", ["train", "compare", pytest.param("classify", marks=pytest.mark.nightly)])
def test_ids_of_no_run_in_the_address(tmp_path: Path, page: str) -> None:
    """Paths, SQL, HTML and endless texts in the place of a run's id open nothing, and the page offers what there is."""
    for number in range(2):
        add_finished(Home(tmp_path / "home").create(), f"Run {number}")
    key = "run" if page == "train" else "runs"
    app = open_page(page, query={key: HOSTILE})
    for text in [HOSTILE, *IDS]:
        app.query_params[key] = text
        said = stands(app.run())
        # A backslash makes text of it.
        assert "<img" not in said.replace("\\<img", "")
        assert "root:" not in said


def test_knobs_in_the_address(tmp_path: Path) -> None:
    """A knob with HTML, Markdown, a path or an endless number is told in a sentence, and the form keeps what it had."""
    app = open_page("train", query={"architecture": "vgg16", "epochs": "7"})
    for knob, value in {
        "epochs": HOSTILE,
        "head": "9" * 5_000,
        "dataset": "folder:../../etc",
        "weights": "file:../x.h5",
        "architecture": HOSTILE,
        "start_from": "../../x",
        "seed": "²",
        "learning_rate": "1e999",
        "augment": "\u202egnp",
        "unfreeze_from": "-1",
    }.items():
        app.query_params.clear()
        app.query_params.update({"architecture": "vgg16", knob: value})
        said = stands(app.run())
        assert "cannot be used" in said, knob
        assert "<img" not in said.replace("\\<img", "")
        assert "\n" not in next(error.value for error in app.error)
    assert "7" in [str(slider.value) for slider in app.select_slider]


@pytest.mark.parametrize(
    "knobs",
    [
        {"dataset": "folder:gone"},
        {"architecture": "vgg16", "weights": "file:gone.h5"},
        {"architecture": "vgg16", "start_from": "0123456789ab"},
    ],
)
def test_a_good_recipe_of_what_is_not_here(knobs: dict[str, str]) -> None:
    """A link to photos, weights or a run that this lab does not have leaves the page standing."""
    stands(open_page("train", query=knobs))
