"""Where the cells of a matrix lie on the screen: a chart is one picture to a browser, so they are found as people find them."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Page

STEPS = 14
# Left of and below the cells stand names.
LEFTMOST, LOWEST = 0.25, 0.78


def find_cells(page: Page, key: str, hovers: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Returns where cells lie in a chart, as shares of its width and height.

    Args:
        page: With the chart on it.
        key: Of the chart.
        hovers: What each cell says on hover, or a part of it.

    Raises:
        LookupError: If one says nothing of that.
    """
    missing, found = set(hovers), dict[str, tuple[float, float]]()
    for row in range(STEPS):
        for column in range(STEPS):
            if not missing:
                return found
            place = LEFTMOST + (1 - LEFTMOST) * (column + 0.5) / STEPS, LOWEST * (row + 0.5) / STEPS
            page.mouse.move(*_on_screen(page, key, place))
            tip = page.locator(f".st-key-{key}").inner_text()
            found |= {words: place for words in missing if words in tip}
            missing -= found.keys()
    raise LookupError(f"No cell of {key} says {sorted(missing)} on hover.")


def click_cell(page: Page, key: str, place: tuple[float, float]) -> None:
    """Clicks a cell of a chart.

    Args:
        page: With the chart on it.
        key: Of the chart.
        place: From `find_cells`.
    """
    page.mouse.click(*_on_screen(page, key, place))


def _on_screen(page: Page, key: str, place: tuple[float, float]) -> tuple[float, float]:
    canvas = page.locator(f".st-key-{key} canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * place[0], box["y"] + box["height"] * place[1]
