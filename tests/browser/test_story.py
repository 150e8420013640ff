"""The main story in Chromium, on the real app with a real trainer."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flowerlab.datasets.garden import pictures
from tests.support.browser import upload
from tests.support.served_app import Server

SECOND_EPOCH_OR_LATER = re.compile(r"Epoch ([2-9]|[1-9]\d+) of 500")
SIXTH_EPOCH_OR_LATER = re.compile(r"Epoch ([6-9]|[1-9]\d+) of 500")
MOVED_WITHIN_S = 15.0
DRAWINGS = "canvases => canvases.map(canvas => canvas.toDataURL())"


@pytest.mark.browser
def test_from_start_to_an_own_photo(server: Server, page: Page) -> None:
    """Start a run, see it learn, stop it, compare it, classify a photo; the web process never loads TensorFlow."""
    page.goto(server.address)
    expect(page.locator(".st-key-lecture button")).to_be_visible()
    page.goto(f"{server.address}/train?architecture=handmade&image_size=72&epochs=500&patience=500")
    page.locator(".st-key-start button").click()
    expect(page.get_by_text(SECOND_EPOCH_OR_LATER)).to_be_visible()
    early = page.locator("canvas").evaluate_all(DRAWINGS)
    expect(page.get_by_text(SIXTH_EPOCH_OR_LATER)).to_be_visible()
    # Epochs are so short that the first look may have shown the sixth already: the next beat draws others.
    due_s, later = time.monotonic() + MOVED_WITHIN_S, early
    while later == early and time.monotonic() < due_s:
        page.wait_for_timeout(500)
        later = page.locator("canvas").evaluate_all(DRAWINGS)
    page.wait_for_timeout(500)
    later = page.locator("canvas").evaluate_all(DRAWINGS)
    # Loss and accuracy have moved; the strip of layers stands still.
    assert len(later) == len(early) >= 3
    assert sum(now != before for now, before in zip(later, early, strict=True)) == 2
    page.locator(".st-key-stop button").click()
    expect(page.get_by_text("the best one was kept")).to_be_visible()
    expect(page.get_by_text("Test accuracy", exact=True)).to_be_visible()
    page.locator(".st-key-to-compare button").click()
    expect(page.get_by_role("heading", name="Compare").first).to_be_visible()
    expect(page.locator(".st-key-compare-curves canvas")).to_be_visible()
    page.get_by_role("link", name="Classify").click()
    expect(page.get_by_role("heading", name="Classify").first).to_be_visible()
    upload(page, mine=pictures.draw_original(3).data)
    expect(page.get_by_text("mine.jpg").first).to_be_visible()
    expect(page.get_by_test_id("stMain").get_by_text("%").first).to_be_visible()
    for name, title in (("Home", "Flowerlab"), ("Data", "Data")):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        page.wait_for_timeout(1500)
        assert page.get_by_test_id("stException").count() == 0
    if sys.platform == "linux":
        assert "tensorflow" not in Path(f"/proc/{server.pid}/maps").read_text()
