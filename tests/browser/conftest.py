"""What browser tests share: the real app on a free port with an own home, and Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from flowerlab.home import Home
from flowerlab.runs.run import Run
from tests.support.browser import PATIENCE_MS, chromium, new_page
from tests.support.filled_home import fill_with_models
from tests.support.served_app import Server, served

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The running app with an empty home, which no browser has opened yet."""
    with served(tmp_path / "home", garden_pictures=100) as running:
        yield running


@pytest.fixture
def with_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, Run, Run]]:
    """The running app with two runs whose model answers: the starter, and one on a garden of 100 photos."""
    monkeypatch.setenv("FLOWERLAB_STARTER", "true")
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", "100")
    Home(tmp_path / "home").create()
    starter, run = fill_with_models()
    with served(tmp_path / "home", garden_pictures=100) as running:
        yield running, starter, run


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser) -> Page:
    """A fresh browser window."""
    return new_page(browser)
