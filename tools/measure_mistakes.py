"""Measures how long each press on the Mistakes page takes in Chromium, and how much is sent for it.

    python -m tools.measure_mistakes --home FOLDER [--run ID] [--repeats 10]

The home must hold a finished run and its photos; a copy of it is best, as the hashes of its photos are kept there. The clock runs
from the press until the page has been drawn; sent is what the server gives over the socket and by HTTP, pictures included.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from flowerlab.home import Home
from flowerlab.store import Store
from tools.app_server import chromium, served

DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"
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
    """Waits until the page has been drawn."""
    page.wait_for_timeout(BEGINS_MS)
    page.wait_for_selector(DRAWN, timeout=60_000)


def measure(page: Page, traffic: Traffic, press: Callable[[], None]) -> tuple[float, int]:
    """Returns the seconds from a press to the drawn page, and the bytes that were sent up to half a second later."""
    before, begun_s = traffic.total, time.monotonic()
    press()
    wait(page)
    taken_s = time.monotonic() - begun_s
    # Pictures come behind the page.
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

    return {
        "Worst photos": [radio("all ("), button("More →"), radio("perhaps"), radio("only wrong")],
        "Epoch by epoch": [key("ArrowLeft"), show, key("ArrowRight"), button("More →")],
        "Calibration": [],
        "Near-duplicates": [button("More →"), button("← Back")],
    }


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="FLOWERLAB_HOME with a finished run and its photos.")
    parser.add_argument("--run", help="Its id. Default: the newest with a result.")
    parser.add_argument("--repeats", type=int, default=10, help="How often each thing is pressed. Default: 10.")
    arguments = parser.parse_args()
    store = Store(Home(arguments.home).store)
    run = arguments.run or next(run.id for run in store.all() if run.result is not None)
    store.close()
    found: dict[str, list[tuple[float, int]]] = {}
    with chromium() as browser, served(arguments.home) as server:
        for repeat in range(arguments.repeats):
            page = browser.new_page(viewport={"width": 1280, "height": 1600})
            traffic = Traffic(page)
            page.goto(f"{server.address}/mistakes?runs={run}")
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
