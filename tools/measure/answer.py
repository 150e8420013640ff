"""Measures how long after its upload a photo is answered by the starter, in a lab that nobody used before.

    python -m tools.measure.answer [--repeats 3] [--photo FILE]

Warm: the lab was opened ten seconds earlier. Cold: the Classify page is the first that is opened, and the photo is uploaded as
soon as it can be. Each repeat starts a fresh server on an empty home; the clock runs from the upload until the answer stands
in Chromium, cold also from the start of the server.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from flowerlab.datasets.garden import pictures
from tools.app_server import chromium, served

OPENED_BEFORE_S = 10.0
ANSWER = re.compile(r", \d+ %|Probably not one of these")


def answered(browser: Browser, photo: bytes, *, warm: bool) -> tuple[float, float]:
    """Returns (seconds from the upload to the answer, seconds from the server's start to the answer)."""
    page = browser.new_page()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        started = time.monotonic()
        with served(Path(home)) as server:
            if warm:
                page.goto(server.address)
                page.locator(".st-key-lecture button").wait_for(timeout=60_000)
                page.wait_for_timeout(1000 * max(0.0, OPENED_BEFORE_S - (time.monotonic() - started)))
                page.get_by_role("link", name="Classify").click()
            else:
                page.goto(f"{server.address}/classify", wait_until="commit")
            upload = page.locator(".st-key-photo input[type=file]")
            upload.wait_for(state="attached", timeout=60_000)
            uploaded = time.monotonic()
            upload.set_input_files([{"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": photo}])
            page.get_by_role("heading", name=ANSWER).first.wait_for(timeout=120_000)
            now = time.monotonic()
            page.close()
    return now - uploaded, now - started


def told(name: str, values: list[float]) -> str:
    """Writes seconds as a row of a table."""
    return f"| {name} | {statistics.median(values):.1f} s ({min(values):.1f}–{max(values):.1f}) |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="How many servers of each kind. Default: 3.")
    parser.add_argument("--photo", type=Path, help="A JPEG. Default: a picture of the garden.")
    arguments = parser.parse_args()
    os.environ["FLOWERLAB_STARTER"] = "true"
    photo = pictures.draw_original(3).data if arguments.photo is None else arguments.photo.read_bytes()
    with chromium() as browser:
        warm = [answered(browser, photo, warm=True)[0] for _ in range(arguments.repeats)]
        cold = [answered(browser, photo, warm=False) for _ in range(arguments.repeats)]
    print(f"{arguments.repeats} fresh servers each, {os.cpu_count()} cores: median (lowest–highest).\n")
    print("| until the answer stands | time |\n| --- | --- |")
    print(told(f"from the upload, the lab opened {OPENED_BEFORE_S:.0f} s earlier", warm))
    print(told("from the upload, Classify opened first of all", [one[0] for one in cold]))
    print(told("the same, from the start of the server", [one[1] for one in cold]))


if __name__ == "__main__":
    main()
