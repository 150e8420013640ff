"""From a number of a confusion matrix to the photos behind it, in Chromium, on real runs."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, expect

from tests.support.matrix_cells import click_cell, find_cells
from tests.support.served_app import Server

RECALLED = re.compile(r"(\d+) (?:photo of )?(\w+): “.+” called (\d+) of them so")
WORST = re.compile(r"The most frequent mistake: (\w+) called (\w+) \((\d+) photos?\)")
VERDICT = re.compile("hardly chance|may be chance|No difference was found")
MISTAKEN = re.compile(r"Most frequent mistake: (\d+) (\w+) called (\w+)\.")
# The lecture's B is this network with its layers frozen; at another size it is called by what it is.
B = "VGG16 mini, head only #2"
# On a machine that does much else a trainer takes a minute to begin.
TRAINING_MS = 240_000
MOST_TABS = 12
MOST_LOOKS = 60
LOADED = "images => images.length > 0 && images.every(image => image.complete && image.naturalWidth > 0)"


def train(page: Page, address: str, name: str, **knobs: object) -> None:
    """Trains a small network, which gets this name, to its end."""
    asked = {"architecture": "handmade", "image_size": 72, **knobs}
    page.goto(f"{address}/train?{'&'.join(f'{name}={value}' for name, value in asked.items())}")
    page.locator(".st-key-start button").click()
    # Until then the page shows the run before.
    expect(page.get_by_test_id("stMain").get_by_text(name, exact=True).first).to_be_visible()
    expect(page.locator(".st-key-to-compare button")).to_be_visible(timeout=TRAINING_MS)


def look_at_mistakes(page: Page) -> None:
    """Goes on from Compare to Mistakes with both runs: the epoch slider by keyboard, a cell of a matrix, the worst photos."""
    page.get_by_role("link", name="See where they err, epoch by epoch").click()
    slider = page.locator(".st-key-mistakes-epoch input[type=range]")
    slider.press("Home")
    expect(page.get_by_text("After epoch 1 of 6:")).to_be_visible()
    expect(page.get_by_text("This run ended here.")).to_have_count(0)
    slider.press("ArrowRight")
    expect(page.get_by_text("After epoch 2 of 6:")).to_be_visible()
    expect(page.get_by_text("This run ended here.")).to_have_count(1)
    told = page.get_by_text(MISTAKEN).last
    count, truth, answer = MISTAKEN.search(told.inner_text()).groups()
    key = page.locator("[class*=st-key-epoch-matrix-]").last.get_attribute("class")
    key = next(name for name in key.split() if name.startswith("st-key-")).removeprefix("st-key-").removesuffix("-table-open")
    words = f"photos of {truth} were called {answer}"
    click_cell(page, key, find_cells(page, key, [words])[words])
    cell = page.locator(".st-key-epoch-cell")
    expect(cell.get_by_role("heading")).to_have_text(
        re.compile(f"Validation photos: {count} of {truth} that .+ called {answer} after")
    )
    expect(cell.locator("img")).to_have_count(min(int(count), 12))
    page.get_by_role("radio", name="Worst photos").click()
    page.wait_for_url(re.compile("view=worst"))
    expect(page.get_by_text("The largest loss first")).to_be_visible()
    expect(page.get_by_alt_text(re.compile("called it")).first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


def open_a_recall(page: Page) -> None:
    """Clicks a number of "Each class": the photos that it counts open, the mistakes first; after Close the same number opens again."""
    for closed in range(2):
        table = page.locator(f".st-key-compare-figures-recall-table-{closed} canvas").first
        expect(table).to_be_visible()
        # Photos above it still come in and move it.
        box, before = table.bounding_box(), None
        while box != before:
            page.wait_for_timeout(500)
            table.evaluate("table => table.scrollIntoView({block: 'center'})")
            before, box = box, table.bounding_box()
        # The first row below the headings, in the column of the first run. A mouse comes from somewhere: the table waits for that.
        place = box["x"] + 0.4 * box["width"], box["y"] + 52
        page.mouse.move(*place, steps=5)
        page.wait_for_timeout(500)
        page.mouse.click(*place)
        opened = page.locator(".st-key-compare-figures")
        told = opened.get_by_role("heading")
        expect(told).to_have_text(RECALLED)
        count, _name, right = RECALLED.search(told.inner_text()).groups()
        expect(opened.locator("img")).to_have_count(min(int(count), 12))
        first = opened.locator("img").first.get_attribute("alt")
        truth, answer = re.search(r": (\w+)\. .+? called it (\w+)", first).groups()
        assert (truth == answer) == (count == right)
        opened.locator(".st-key-compare-figures-close button").click()
        expect(told).to_have_count(0)


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_from_the_worst_cell_to_its_photos(server: Server, page: Page) -> None:
    """Train A and B, open Compare, click the worst cell, see its photos with both runs' answers, do the same by keyboard, see on
    which photos A and B differ, read whether the difference is real, and go on to Mistakes, whose epoch slider moves by keyboard."""
    train(page, server.address, "Hand-made #1", epochs=1, patience=1)
    train(page, server.address, B, architecture="vgg16_mini", unfreeze_from="none", epochs=6, patience=6)
    # The second run may still be saved while its page already offers to compare.
    for _ in range(MOST_LOOKS):
        page.goto(f"{server.address}/compare")
        page.wait_for_url(re.compile("runs="))
        if "," in unquote(page.url):
            break
        page.wait_for_timeout(1000)
    told = page.get_by_text(WORST).first
    expect(told).to_be_visible()
    truth, answer, count = WORST.search(told.inner_text()).groups()
    chart = page.locator("[class*=st-key-matrix-]").first
    key = next(name for name in chart.get_attribute("class").split() if name.startswith("st-key-")).removeprefix("st-key-")
    words = f"photos of {truth} were called {answer}"
    click_cell(page, key, find_cells(page, key, [words])[words])
    cell = page.locator(".st-key-compare-cell")
    headline = cell.get_by_role("heading")
    expect(headline).to_have_text(
        re.compile(f"{count if int(count) > 1 else '1 photo of'} {truth} that .+ called {answer}, surest first")
    )
    expect(cell.locator("img")).to_have_count(min(int(count), 12))
    page.wait_for_timeout(1000)
    assert cell.locator("img").evaluate_all(LOADED)
    assert cell.locator("img").first.get_attribute("alt").count("called it") == 2
    # The same by keyboard: Tab leads past the table's own buttons into its cells, arrows from one to the next.
    page.locator(f".st-key-{key}-table-open summary").press("Enter")
    expect(page.locator(f".st-key-{key}-table-0 canvas").first).to_be_visible()
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") in ("TD", "CANVAS"):
            break
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    before = headline.inner_text()
    page.keyboard.press("ArrowRight")
    expect(headline).not_to_have_text(before)
    minus = page.locator("[class*=st-key-minus-]").first.get_attribute("class")
    minus = next(name for name in minus.split() if name.startswith("st-key-")).removeprefix("st-key-")
    words = f"{truth} called {answer}: A"
    click_cell(page, minus, find_cells(page, minus, [words])[words])
    differing = page.locator(".st-key-compare-minus-cell")
    expect(differing.get_by_role("heading")).to_have_text(f"Where A and B differ: {truth} called {answer}")
    expect(differing.get_by_text("Only A, ")).to_be_visible()
    expect(differing.get_by_text("Only B, ")).to_be_visible()
    # What is open in a run's matrix stays.
    expect(headline).to_be_visible()
    open_a_recall(page)
    expect(page.get_by_text(VERDICT).first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
    look_at_mistakes(page)
