"""Browser windows."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

PATIENCE_MS = 90_000


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
