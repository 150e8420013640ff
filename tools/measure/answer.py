"""Measures how long after its upload a photo is answered by the starter, in a lab that nobody used before.

    python -m tools.measure.answer [--repeats 3] [--photo FILE]

Warm: the lab was opened ten seconds earlier. Cold: the Classify page is the first that is opened, and the photo is uploaded as
soon as it can be. Each repeat starts a fresh server on an empty home; the clock runs from the upload until the answer stands
in Chromium, cold also from the start of the server.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from playwright.sync_api import Browser

from flowerlab.datasets.garden import pictures
from tests.support.browser import chromium, new_page, upload
from tests.support.served_app import served
from tools.measure.harness import own_home, parser, print_heading, print_row, spread

OPENED_BEFORE_S = 10.0
ANSWER = re.compile(r", \d+ %|Probably not one of these")


def answered(browser: Browser, photo: bytes, *, warm: bool) -> tuple[float, float]:
    """Returns (seconds from the upload to the answer, seconds from the server's start to the answer)."""
    page, started_s = new_page(browser), time.monotonic()
    with own_home() as home, served(home) as server:
        if warm:
            page.goto(server.address)
            page.locator(".st-key-lecture button").wait_for()
            page.wait_for_timeout(1000 * max(0.0, OPENED_BEFORE_S - (time.monotonic() - started_s)))
            page.get_by_role("link", name="Classify").click()
        else:
            page.goto(f"{server.address}/classify", wait_until="commit")
        page.locator(".st-key-photo input[type=file]").wait_for(state="attached")
        uploaded_s = time.monotonic()
        upload(page, mine=photo)
        page.get_by_role("heading", name=ANSWER).first.wait_for(timeout=120_000)
        now_s = time.monotonic()
        page.close()
    return now_s - uploaded_s, now_s - started_s


def main() -> None:
    """Measures and prints."""
    options = parser(__doc__, repeats=(3, "How many servers of each kind."))
    options.add_argument("--photo", type=Path, help="A JPEG. Default: a picture of the garden.")
    arguments = options.parse_args()
    os.environ["FLOWERLAB_STARTER"] = "true"
    photo = pictures.draw_original(3).data if arguments.photo is None else arguments.photo.read_bytes()
    with chromium() as browser:
        warm = [answered(browser, photo, warm=True)[0] for _ in range(arguments.repeats)]
        cold = [answered(browser, photo, warm=False) for _ in range(arguments.repeats)]
    print(f"{arguments.repeats} fresh servers each, {os.cpu_count()} cores: median (lowest–highest).\n")
    print_heading("until the answer stands", "time")
    print_row(f"from the upload, the lab opened {OPENED_BEFORE_S:.0f} s earlier", spread(warm, 1))
    print_row("from the upload, Classify opened first of all", spread([one[0] for one in cold], 1))
    print_row("the same, from the start of the server", spread([one[1] for one in cold], 1))


if __name__ == "__main__":
    main()
