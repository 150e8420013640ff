"""Measures how long each press on the Mistakes page takes in Chromium, and how much is sent for it.

    python -m tools.measure.mistakes [--repeats 10] [--photos 3670] [--runs 6] [--home FOLDER]

In a home of its own: a garden of that many photos, and runs that are said to have been tested on all of them, with answers drawn at
random; or in one that is given, with its newest runs (a copy of it is best, as the hashes of its photos are kept there). The photos
are hashed before anything is measured: that is done once, with progress. The clock runs from the press until the page has been drawn and
its pictures are there; sent is what the server gives over the socket and by HTTP, pictures included.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import closing

from playwright.sync_api import Page

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.home import Home
from flowerlab.store import Store
from tests.support.browser import chromium, new_page
from tests.support.random_runs import random_run
from tests.support.served_app import served
from tools.measure.harness import Measured, Visitor, own_home, p50_p95, parser, print_watch

VIEWS = ("Worst photos", "Epoch by epoch", "Calibration", "Near-duplicates")
HEIGHT_PX = 1600


def presses(page: Page, repeat: int) -> dict[str, list[Callable[[], None]]]:
    """Returns what is pressed in each view, in order."""

    def radio(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("radio", name=name).first.click()

    def button(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("button", name=name, exact=True).first.click()

    def show() -> None:
        page.get_by_role("button", name=re.compile("^Show ")).nth(repeat % 6).click()

    def key(name: str) -> Callable[[], None]:
        return lambda: page.locator(".st-key-mistakes-epoch input[type=range]").press(name)

    def table() -> None:
        page.locator("[class*=st-key-reliability-table-open] summary").first.click()

    def cell() -> None:
        table = page.locator("[class*=st-key-reliability-] [data-testid=stDataFrame]").first
        # Its canvas lies under what scrolls it.
        table.click(position={"x": 60, "y": 60}, force=True)

    def row(name: str) -> Callable[[], None]:
        return lambda: page.keyboard.press(name)

    return {
        "Worst photos": [radio("all ("), button("More →"), radio("perhaps"), radio("only wrong")],
        "Epoch by epoch": [key("ArrowLeft"), show, key("ArrowRight"), button("More →")],
        "Calibration": [table, cell, row("ArrowDown")],
        "Near-duplicates": [radio("Run 2"), radio("Run 1")],
    }


def fill(home: Home, photos: int, runs: int) -> None:
    """Draws a garden and writes runs with random answers to all of it."""
    originals = gather(home, "garden", Garden(pictures=photos))
    with closing(Store(home.store)) as store:
        for number in range(1, runs + 1):
            random_run(store, home, originals, number, epochs=5)


def hash_photos(page: Page, address: str) -> None:
    """Opens the view that needs the photos' hashes, waits until they are there, and closes the page."""
    page.goto(address)
    page.get_by_role("radio", name="Near-duplicates").click()
    page.get_by_text("show nearly the same").first.wait_for(timeout=600_000)
    page.close()


def press_all(page: Page, address: str, repeat: int, found: dict[str, Measured]) -> None:
    """Opens the page, presses everything once, and closes it."""
    visitor = Visitor(page, found)

    def press(kind: str, work: Callable[[], None]) -> None:
        with visitor.timed(kind):
            work()
            visitor.drawn()
            visitor.pictures_seen()

    page.goto(address)
    page.wait_for_selector("h1")
    visitor.drawn()
    visitor.pictures_seen()
    page.wait_for_timeout(2000)
    for view in VIEWS:
        press(f"to {view}", page.get_by_role("radio", name=view).click)
        for number, work in enumerate(presses(page, repeat)[view], start=1):
            press(f"{view}, press {number}", work)
    page.close()


def main() -> None:
    """Measures and prints."""
    arguments = parser(
        __doc__,
        home=True,
        repeats=(10, "How often each thing is pressed."),
        photos=(3670, "In the garden."),
        runs=(6, "That are chosen."),
    ).parse_args()
    os.environ |= {"FLOWERLAB_STARTER": "false", "FLOWERLAB_WARM_SPARE": "false"}
    found: dict[str, Measured] = {}
    with own_home(arguments.home) as folder:
        home = Home(folder).create()
        if arguments.home is None:
            fill(home, arguments.photos, arguments.runs)
        with closing(Store(home.store)) as store:
            chosen = [run.id for run in store.all() if run.result is not None][: arguments.runs]
        with chromium() as browser, served(folder, garden_pictures=arguments.photos) as server:
            address = f"{server.address}/mistakes?runs={','.join(chosen)}"
            hash_photos(new_page(browser, height=HEIGHT_PX), address)
            for repeat in range(arguments.repeats):
                press_all(new_page(browser, height=HEIGHT_PX), address, repeat, found)
    print_watch(found)
    median, p95 = p50_p95([seconds for one in found.values() for seconds in one.seconds])
    print(f"\nAll presses: {median} (p50), {p95} (p95).")


if __name__ == "__main__":
    main()
