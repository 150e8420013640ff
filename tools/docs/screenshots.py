"""Plays the lecture on the garden in Chromium and takes the README's pictures of it.

    python -m tools.docs.screenshots [--out docs/screenshots] [--home FOLDER] [--pictures 1000] [--every]

It starts the app, presses "Run the lecture", and takes pictures of each page; `--every` takes each page light and dark,
1280 and 400 pixels wide, to be looked at. A home that is given is kept: a second call finds its runs there.
"""

from __future__ import annotations

import io
import itertools
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from flowerlab.datasets.garden import pictures
from flowerlab.home import Home
from flowerlab.packs.starter import STARTER_ID
from flowerlab.store import Store
from tests.support.browser import chromium, new_page, upload
from tests.support.served_app import served
from tools import ROOT
from tools.measure.harness import own_home, parser

WIDTHS = (1280, 400)
THEMES = ("light", "dark")
TRAINING_MS = 900_000
# A flower that is in no split: far after the last of any garden.
OWN_FLOWER = 1_000_003


def window(browser: Browser, width: int, theme: str) -> AbstractContextManager[Page]:
    """Opens a browser window of its own for the length of a block."""
    return closing(new_page(browser, width=width, dark=theme == "dark", scale=1 if width > 600 else 1.5))


def settle(page: Page) -> None:
    """Waits until the page has been drawn."""
    expect(page.locator("h1").first).to_be_visible()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    page.wait_for_timeout(2500)


def take(page: Page, file: Path, *, lowest: int = 4000) -> None:
    """Takes a picture of a page down to its end, or to `lowest` pixels."""
    width = page.viewport_size["width"] if page.viewport_size else WIDTHS[0]
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(height) + 8, lowest)})
    page.wait_for_timeout(1500)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(file, optimize=True)
    page.set_viewport_size({"width": width, "height": 900})
    print(file, file=sys.stderr)


def show_an_own_photo(page: Page) -> None:
    """Classifies a flower that no run has seen."""
    upload(page, **{"my-flower": pictures.draw_original(OWN_FLOWER).data})
    expect(page.get_by_text("my-flower.jpg").first).to_be_visible()
    expect(page.get_by_text("as the network sees").first).to_be_visible()
    expect(page.get_by_text("Classifying")).to_have_count(0)
    page.wait_for_timeout(2000)


def run_the_lecture(page: Page, address: str, live: Path) -> None:
    """Presses Home's button, takes a picture of the first run half way, and waits for all three."""
    page.goto(address)
    settle(page)
    page.locator(".st-key-lecture button").click()
    expect(page.get_by_text("Epoch 4 of 5").first).to_be_visible(timeout=TRAINING_MS)
    page.wait_for_timeout(2000)
    take(page, live, lowest=1100)
    page.goto(address)
    settle(page)
    expect(page.get_by_text("nothing is training").first).to_be_visible(timeout=TRAINING_MS)


def pages(runs: list[str], *, every: bool) -> Iterator[tuple[str, str]]:
    """Yields what pictures are taken of: a name and an address, without the server's.

    Args:
        runs: Ids of A, B and C.
        every: Whether every view is looked at; else what the README shows beside the picture of the first run.
    """
    chosen = f"runs={','.join(runs)}"
    two = f"runs={','.join(runs[:2])}"
    yield "home", ""
    yield "data", "data"
    yield "compare", "compare"
    yield "mistakes", f"mistakes?{chosen}"
    yield "inside", f"inside?{two}"
    yield "experiments", "experiments"
    yield "classify", f"classify?{chosen}"
    yield "disk", "disk"
    if every:
        yield "train", "train"
        for view in ("epochs", "calibration", "duplicates"):
            yield f"mistakes-{view}", f"mistakes?{chosen}&view={view}"
        for view in ("layers", "map"):
            yield f"inside-{view}", f"inside?runs={runs[1]}&view={view}"


def main() -> None:
    """Plays and takes."""
    options = parser(__doc__, home=True, pictures=(1000, "How many pictures the garden has."))
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots", help="Where the pictures go.")
    options.add_argument("--every", action="store_true", help="Take each page in both themes and widths.")
    arguments = options.parse_args()
    expect.set_options(timeout=60_000)
    with own_home(arguments.home) as home, chromium() as browser:
        fresh = not (home / "runs").is_dir() or not any((home / "runs").iterdir())
        with served(home, garden_pictures=arguments.pictures) as server:
            if fresh:
                with window(browser, WIDTHS[0], "light") as page:
                    run_the_lecture(page, server.address, arguments.out / "train.png")
            with closing(Store(Home(home).store)) as store:
                runs = [run.id for run in reversed(store.all()) if run.id != STARTER_ID]
            views = itertools.product(WIDTHS, THEMES) if arguments.every else [(1280, "light")]
            for width, theme in views:
                suffix = f"-{width}-{theme}" if arguments.every else ""
                with window(browser, width, theme) as page:
                    for name, address in pages(runs, every=arguments.every):
                        page.goto(f"{server.address}/{address}")
                        settle(page)
                        if name == "classify":
                            show_an_own_photo(page)
                        take(page, arguments.out / f"{name}{suffix}.png")


if __name__ == "__main__":
    main()
