"""Chromium, and what a visitor does in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 90_000
# Of a page whose script has ended.
DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Opens Debian's Chromium for the length of a block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def new_page(browser: Browser, *, width: int = 1280, height: int = 900, dark: bool = False, scale: float = 1) -> Page:
    """Opens a window of its own, as another person would have; sizes in pixels of the page, `scale` of the screen's to each."""
    window = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", device_scale_factor=scale
    )
    window.set_default_timeout(PATIENCE_MS)
    return window


def upload(page: Page, **photos: bytes) -> None:
    """Uploads JPEGs on Classify, as the files `NAME.jpg`."""
    files = [{"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": data} for name, data in photos.items()]
    page.locator(".st-key-photo input[type=file]").set_input_files(files)
