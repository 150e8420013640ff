"""Every page as a phone, a dark room and a school without network see it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import new_page
from tools.app_server import Server

PAGES = {
    "": "Flowerlab",
    "data": "Data",
    "train": "Train",
    "compare": "Compare",
    "mistakes": "Mistakes",
    "inside": "Inside",
    "experiments": "Experiments",
    "classify": "Classify",
    "disk": "Disk",
}
WIDER_THAN_THE_SCREEN = "document.documentElement.scrollWidth > window.innerWidth"


def drawn(page: Page, title: str) -> None:
    """Waits until a page has been drawn to its end."""
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")


@pytest.mark.browser
@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_every_page_opens_by_its_own_address(server: Server, browser: Browser, dark: bool) -> None:
    """The very first page of a fresh server may be any one: it has the navigation; none fails, scrolls sideways on a
    narrow screen, or asks anything outside this machine."""
    page = new_page(browser, width=400, dark=dark)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, title in reversed(PAGES.items()):
        page.goto(f"{server.address}/{name}")
        drawn(page, title)
        assert page.get_by_test_id("stException").count() == 0, name
        assert not page.evaluate(WIDER_THAN_THE_SCREEN), name
        expect(page.get_by_text("nothing is training")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    for title in ("Data", "Train", "Compare", "Mistakes", "Inside", "Experiments", "Classify", "Disk"):
        page.get_by_role("link", name=title).click()
        drawn(page, title)
        assert page.get_by_test_id("stException").count() == 0, title
    outside = [url for url in asked if not url.startswith((server.address, "data:", "blob:"))]
    assert not outside
