"""Measures how long each press on the Mistakes page takes in Chromium, and how much is sent for it.

    python -m tools.measure.mistakes [--repeats 10] [--photos 3670] [--runs 6] [--home FOLDER]

In a home of its own: a garden of that many photos, and runs that are said to have been tested on all of them, with answers drawn at
random; or in one that is given, with its newest runs (a copy of it is best, as the hashes of its photos are kept there). The photos
are hashed before anything is measured: that is done once, with progress. The clock runs from the press until the page has been drawn and
its pictures are there; sent is what the server gives over the socket and by HTTP, pictures included.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.home import Home
from flowerlab.store import Store
from tools.app_server import chromium, served
from tools.random_runs import random_run

DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"
SEEN = "() => [...document.querySelectorAll('[data-testid=stMain] img')].every(it => it.complete && it.naturalWidth)"
VIEWS = ("Worst photos", "Epoch by epoch", "Calibration", "Near-duplicates")
# Streamlit does not begin at the very moment of the press.
BEGINS_MS = 60


class Traffic:
    """What the server sends to a page, in bytes."""

    def __init__(self, page: Page) -> None:
        self.total = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._frame)
        session.on("Network.loadingFinished", self._loaded)

    def _frame(self, event: dict[str, dict[str, str]]) -> None:
        # Binary frames come in Base64.
        self.total += len(event["response"]["payloadData"]) * 3 // 4

    def _loaded(self, event: dict[str, float]) -> None:
        self.total += int(event["encodedDataLength"])


def wait(page: Page) -> None:
    """Waits until the page has been drawn, and its pictures have come."""
    page.wait_for_timeout(BEGINS_MS)
    page.wait_for_selector(DRAWN, timeout=60_000)
    page.wait_for_function(SEEN, timeout=60_000)


def measure(page: Page, traffic: Traffic, press: Callable[[], None]) -> tuple[float, int]:
    """Returns the seconds from a press to the drawn page with its pictures, and the bytes sent up to half a second later."""
    before, begun_s = traffic.total, time.monotonic()
    press()
    wait(page)
    taken_s = time.monotonic() - begun_s
    page.wait_for_timeout(500)
    return taken_s, traffic.total - before


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
    store = Store(home.store)
    for number in range(1, runs + 1):
        random_run(store, home, originals, number, epochs=5)
    store.close()


def hash_photos(page: Page, address: str) -> None:
    """Opens the view that needs the photos' hashes and waits until they are there."""
    page.goto(address)
    page.get_by_role("radio", name="Near-duplicates").click()
    page.get_by_text("show nearly the same").first.wait_for(timeout=600_000)


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10, help="How often each thing is pressed. Default: 10.")
    parser.add_argument("--photos", type=int, default=3670, help="In the garden. Default: 3670.")
    parser.add_argument("--runs", type=int, default=6, help="That are chosen. Default: 6.")
    parser.add_argument("--home", type=Path, help="A FLOWERLAB_HOME with finished runs and their photos.")
    arguments = parser.parse_args()
    os.environ |= {"FLOWERLAB_STARTER": "false", "FLOWERLAB_WARM_SPARE": "false"}
    found: dict[str, list[tuple[float, int]]] = {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Home(arguments.home or Path(folder)).create()
        if arguments.home is None:
            fill(home, arguments.photos, arguments.runs)
        store = Store(home.store)
        chosen = [run.id for run in store.all() if run.result is not None][: arguments.runs]
        store.close()
        with chromium() as browser, served(home.root, garden_pictures=arguments.photos) as server:
            address = f"{server.address}/mistakes?runs={','.join(chosen)}"
            first = browser.new_page(viewport={"width": 1280, "height": 1600})
            hash_photos(first, address)
            first.close()
            for repeat in range(arguments.repeats):
                page = browser.new_page(viewport={"width": 1280, "height": 1600})
                traffic = Traffic(page)
                page.goto(address)
                page.wait_for_selector("h1")
                wait(page)
                page.wait_for_timeout(2000)
                for view in VIEWS:
                    to_view = page.get_by_role("radio", name=view).click
                    found.setdefault(f"to {view}", []).append(measure(page, traffic, to_view))
                    for number, press in enumerate(presses(page, repeat)[view]):
                        found.setdefault(f"{view}, press {number + 1}", []).append(measure(page, traffic, press))
                page.close()
    print(f"{'press':32}{'median':>9}{'p95':>9}{'most sent':>12}")
    for name, values in found.items():
        seconds = [one[0] for one in values]
        sent = max(one[1] for one in values) / 1000
        print(f"{name:32}{np.median(seconds):7.2f} s{np.percentile(seconds, 95):7.2f} s{sent:9.0f} kB")
    every = [one[0] for values in found.values() for one in values]
    print(f"{'all':32}{np.median(every):7.2f} s{np.percentile(every, 95):7.2f} s")


if __name__ == "__main__":
    main()
