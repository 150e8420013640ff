"""What tests of pages share: a lab with scripted runs, closed after each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from flowerlab.ui.lab import lab


@pytest.fixture(autouse=True)
def _lab_of_this_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _own_environment: None) -> Iterator[None]:
    """Each test has its own lab with the scripted engine."""
    monkeypatch.setenv("FLOWERLAB_ENGINE", "fake")
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
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    lab().close()
    st.cache_resource.clear()
    st.cache_data.clear()
