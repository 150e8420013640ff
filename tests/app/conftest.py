"""What tests of pages share: a lab with scripted runs, closed after each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import script_runner

from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Original, Originals, open_originals, write_originals
from flowerlab.engine.fake import FakeEngine
from flowerlab.home import Home
from flowerlab.ui.base.lab import lab
from tests.support.garden_runs import cut
from tests.support.photos import GARDEN


@pytest.fixture(autouse=True)
def _lab_of_this_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _own_environment: None) -> Iterator[None]:
    """Each test has its own lab with the scripted engine."""
    monkeypatch.setenv("FLOWERLAB_ENGINE", "fake")
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.01)
    monkeypatch.setenv("FLOWERLAB_WARM_SPARE", "false")
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", "60")
    # Pages say what is at hand: nothing, unless a test brings it.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    # AppTest makes every run the first of a fresh server; pages shall run through the entry, as they do from then on.
    begin = PagesManager.__init__

    def begin_later(manager: PagesManager, *arguments: Any, **options: Any) -> None:
        begin(manager, *arguments, **options)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begin_later)
    # Where another test has loaded Keras, Streamlit would empty its session after every run of a page: six sevenths of the time. The
    # lab's server never loads it.
    monkeypatch.setattr(script_runner, "_clean_problem_modules", lambda: None)
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    lab().close()
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture(scope="session")
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


@pytest.fixture
def twins(home: Home, drawn: Originals) -> Originals:
    """The garden, but for one training photo that comes once more among the test photos, under another label."""
    tested = cut(drawn, "test")[0]
    trained = next(place for place in cut(drawn, "train") if drawn.labels[place] != drawn.labels[tested])
    photos = [Original(drawn.ids[place], int(drawn.labels[place]), drawn.data(place)) for place in range(len(drawn))]
    # Not the same bytes: the cut keeps identical photos together.
    photos[tested] = Original(drawn.ids[tested], int(drawn.labels[tested]), drawn.data(trained) + b"\0")
    return write_originals(home.originals / drawn.folder.name, drawn.classes, photos)
