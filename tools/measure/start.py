"""Measures how long after `streamlit run` the first page stands in Chromium, and whether TensorFlow is mapped by then.

    python -m tools.measure.start [--repeats 5]

Each repeat starts a fresh server on an empty home. The browser is open already and goes to the page as soon as the server
answers; the clock stops when the page's title can be seen, and again at its button. In turn with it the same is measured for
a page of a title and a button and nothing else: what Streamlit and the browser take by themselves.
"""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.browser import chromium, new_page
from tests.support.served_app import SCRIPT, served
from tools.measure.harness import own_home, parser, print_heading, print_row, spread

BARE = 'import streamlit as st\nst.title("Bare")\nst.button("Press", key="lecture", type="primary")\n'


@dataclass(frozen=True)
class Start:
    """One start.

    Args:
        seconds: After the command, when the server answered, when the title could be seen, and when the button could.
        tensorflow: Whether the web process had mapped TensorFlow by then.
    """

    seconds: tuple[float, float, float]
    tensorflow: bool


def start(script: Path, browser: Browser) -> Start:
    """Starts a server on an empty home and opens its first page."""
    page, begun_s = new_page(browser), time.monotonic()
    with own_home() as home, served(home, script=script) as server:
        answer_s = time.monotonic() - begun_s
        page.goto(server.address, wait_until="commit")
        page.locator("h1").wait_for()
        title_s = time.monotonic() - begun_s
        page.locator(".st-key-lecture button").wait_for()
        button_s = time.monotonic() - begun_s
        tensorflow = "tensorflow" in Path(f"/proc/{server.pid}/maps").read_text()
        page.close()
    return Start((answer_s, title_s, button_s), tensorflow)


def main() -> None:
    """Measures and prints."""
    repeats = parser(__doc__, repeats=(5, "How many servers of each are started.")).parse_args().repeats
    ours: list[Start] = []
    bare: list[Start] = []
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        script = Path(scratch) / "bare.py"
        script.write_text(BARE)
        for _ in range(repeats):
            bare.append(start(script, browser))
            ours.append(start(SCRIPT, browser))
    heading = f"median (lowest–highest) of {repeats}, {os.cpu_count()} cores"
    print_heading(heading, "server answers", "title seen", "button seen")
    for name, starts in (("Flowerlab", ours), ("a bare page", bare)):
        print_row(name, *(spread(column) for column in zip(*(one.seconds for one in starts), strict=True)))
    print(f"TensorFlow mapped in the web process: {any(one.tensorflow for one in ours)}")


if __name__ == "__main__":
    main()
