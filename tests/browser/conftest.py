"""What browser tests share: the real app on a free port with an own home, and Chromium."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Server:
    """The running app.

    Args:
        address: Of its Home page.
        pid: Of its web process.
    """

    address: str
    pid: int


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The running app with an empty home, which no browser has opened yet."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "FLOWERLAB_HOME": str(tmp_path / "home"), "FLOWERLAB_GARDEN_PICTURES": "100"}
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port), "--server.headless", "true"],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://localhost:{port}"
    for _attempt in range(150):
        try:
            if urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).read() == b"ok":
                break
        except OSError:
            time.sleep(0.2)
    yield Server(address, process.pid)
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Chromium."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield launched
        launched.close()


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
