"""What a mouse does, done with keys alone, in Chromium, with real models."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from flowerlab.runs.run import Run
from tests.support.served_app import Server

MOST_TABS, MOST_ROWS, SETTLED_MS = 60, 4, 1500
DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"
# The text, or where there is none the label, of what has the focus; nothing where the page itself has it, or what scrolls it.
FOCUSED = """() => {
    const it = document.activeElement
    const used = it.matches("button, summary, a, input, canvas, [role=radio], [role=gridcell]")
    return used ? it.innerText || it.getAttribute("aria-label") || it.tagName : ""
}"""


def tab_to(page: Page, words: str) -> None:
    """Presses Tab until what has the focus says these words, or is such an element; on a page that has been drawn."""
    page.locator(DRAWN).wait_for(state="attached")
    page.wait_for_timeout(SETTLED_MS)
    said = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        said.append(page.evaluate(FOCUSED))
        if words in said[-1]:
            return
    raise AssertionError(f"Tab does not lead to {words!r}: {said}")


def open_table(page: Page) -> None:
    """Opens the table under the heading that has the focus, and goes onto its first cell."""
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=stDataFrame] canvas").first).to_be_visible()
    tab_to(page, "CANVAS")
    page.keyboard.press("ArrowDown")


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_a_photo_of_the_map_and_why_it_was_named_so(with_models: tuple[Server, Run, Run], page: Page) -> None:
    """Inside: draw the map and open a photo from its table. Classify: take samples and see where the network looks. Train: open what
    can be taken home. Disk: tick a row. All of it by Tab, arrows, Enter and Space."""
    server, starter, run = with_models
    page.goto(f"{server.address}/inside?runs={run.id}&view=map")
    expect(page.get_by_role("button", name=re.compile("Draw the map"))).to_be_enabled()
    tab_to(page, "Draw the map")
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=stPlotlyChart] path.point").first).to_be_visible()
    tab_to(page, "As a table")
    open_table(page)
    page.keyboard.press("Shift+Space")
    expect(page.locator(".st-key-inside-opened img").first).to_have_attribute("alt", re.compile("^Photo garden-"))

    page.goto(f"{server.address}/classify?runs={starter.id}")
    expect(page.get_by_role("button", name="Take sample photos")).to_be_enabled()
    tab_to(page, "Take sample photos")
    page.keyboard.press("Enter")
    expect(page.locator("[class*=st-key-answer-]").first).to_be_visible()
    tab_to(page, "Where it looks")
    page.keyboard.press("Space")
    expect(page.get_by_alt_text(re.compile("looks|heat", re.IGNORECASE)).first).to_be_visible()

    page.goto(f"{server.address}/train?run={run.id}")
    expect(page.get_by_text("Take home: notebook")).to_be_visible()
    tab_to(page, "Take home: notebook")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=re.compile("Notebook|Script")).first).to_be_visible()

    page.goto(f"{server.address}/disk")
    expect(page.get_by_text("Tick rows, or go to one")).to_be_visible()
    tab_to(page, "CANVAS")
    free = page.get_by_role("button", name=re.compile("^Free .* MB"))
    # What was downloaded may be larger than any run, and stays.
    for _ in range(MOST_ROWS):
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Shift+Space")
        page.locator(DRAWN).wait_for(state="attached")
        page.wait_for_timeout(SETTLED_MS)
        if free.count():
            break
    expect(free).to_be_enabled()
    assert page.get_by_test_id("stException").count() == 0
