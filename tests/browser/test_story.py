"""The main story in Chromium, on the real app with a real trainer."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from flowerlab.datasets import garden

ROOT = Path(__file__).parents[2]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 90_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """The running app: its address and the pid of its web process."""
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
    yield address, process.pid
    process.terminate()
    process.wait(timeout=20)


@pytest.fixture
def page() -> Iterator[Page]:
    """A fresh browser window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        window = browser.new_page(viewport={"width": 1280, "height": 900})
        window.set_default_timeout(PATIENCE_MS)
        yield window
        browser.close()


@pytest.mark.browser
def test_from_start_to_an_own_photo(server: tuple[str, int], page: Page) -> None:
    """Start a run, see it learn, stop it, compare it, classify a photo; the web process never loads TensorFlow."""
    address, pid = server
    page.goto(address)
    expect(page.locator(".st-key-lecture button")).to_be_visible(timeout=60_000)
    page.goto(f"{address}/train?architecture=handmade&image_size=72&epochs=100&patience=100")
    page.locator(".st-key-start button").click()
    expect(page.get_by_text("Epoch 2 of 100")).to_be_visible(timeout=PATIENCE_MS)
    assert page.locator("canvas").count() >= 3
    page.locator(".st-key-stop button").click()
    expect(page.get_by_text("the best one was kept")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Test accuracy", exact=True)).to_be_visible(timeout=20_000)
    page.locator(".st-key-to-compare button").click()
    expect(page.get_by_role("heading", name="Compare").first).to_be_visible(timeout=30_000)
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=60_000)
    page.get_by_role("link", name="Classify").click()
    expect(page.get_by_role("heading", name="Classify").first).to_be_visible(timeout=30_000)
    photo = io.BytesIO()
    Image.fromarray(garden.draw(3).photo).save(photo, "JPEG")
    page.locator(".st-key-photo input[type=file]").set_input_files(
        [{"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}]
    )
    expect(page.get_by_text("mine.jpg").first).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stMain").get_by_text("%").first).to_be_visible(timeout=60_000)
    for name in ("Home", "Data"):
        page.get_by_role("link", name=name).click()
        page.wait_for_timeout(1500)
    assert page.get_by_test_id("stException").count() == 0
    if sys.platform == "linux":
        assert "tensorflow" not in Path(f"/proc/{pid}/maps").read_text()
