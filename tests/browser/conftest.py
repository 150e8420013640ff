"""What browser tests share: the real app on a free port with an own home, and Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from flowerlab.home import Home
from flowerlab.runs.run import Run
from tests.browser.filled_home import fill_with_models
from tools.app_server import Server, chromium, served

PATIENCE_MS = 90_000
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


def new_page(browser: Browser, *, width: int = 1280, dark: bool = False) -> Page:
    """Opens a window of its own, as another person would have.

    Args:
        browser: Chromium.
        width: In pixels.
        dark: Whether the person prefers dark pages.
    """
    window = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    window.set_default_timeout(PATIENCE_MS)
    return window
