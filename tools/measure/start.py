"""Measures how long after `streamlit run` the first page stands in Chromium, and whether TensorFlow is mapped by then.

    python -m tools.measure.start [--repeats 5]

Each repeat starts a fresh server on an empty home. The browser is open already and goes to the page as soon as the server
answers; the clock stops when the page's title can be seen, and again at its button. In turn with it the same is measured for
a page of a title and a button and nothing else: what Streamlit and the browser take by themselves.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tools.app_server import SCRIPT, chromium, served

BARE = 'import streamlit as st\nst.title("Bare")\nst.button("Press", key="lecture", type="primary")\n'


@dataclass(frozen=True)
class Start:
    """One start; seconds after the command.

    Args:
        answer: When the server answered.
        title: When the title could be seen.
        button: When the button could.
        tensorflow: Whether the web process had mapped TensorFlow by then.
    """

    answer: float
    title: float
    button: float
    tensorflow: bool


def start(script: Path, browser: Browser) -> Start:
    """Starts a server on an empty home and opens its first page."""
    page = browser.new_page()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        began = time.monotonic()
        with served(Path(home), script=script) as server:
            answer = time.monotonic() - began
            page.goto(server.address, wait_until="commit")
            page.locator("h1").wait_for(timeout=60_000)
            title = time.monotonic() - began
            page.locator(".st-key-lecture button").wait_for(timeout=60_000)
            button = time.monotonic() - began
            tensorflow = "tensorflow" in Path(f"/proc/{server.pid}/maps").read_text()
            page.close()
    return Start(answer, title, button, tensorflow)


def told(name: str, starts: list[Start]) -> str:
    """Writes the starts of one app as a row of a table."""

    def seconds(values: list[float]) -> str:
        return f"{statistics.median(values):.2f} s ({min(values):.2f}–{max(values):.2f})"

    columns = [[one.answer for one in starts], [one.title for one in starts], [one.button for one in starts]]
    return f"| {name} | {' | '.join(map(seconds, columns))} |"


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="How many servers of each are started. Default: 5.")
    arguments = parser.parse_args()
    ours: list[Start] = []
    bare: list[Start] = []
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        script = Path(scratch) / "bare.py"
        script.write_text(BARE)
        for _repeat in range(arguments.repeats):
            bare.append(start(script, browser))
            ours.append(start(SCRIPT, browser))
    print(f"| median (lowest–highest) of {arguments.repeats}, {os.cpu_count()} cores | server answers | title seen | button seen |")
    print("| --- | --- | --- | --- |")
    print(told("Flowerlab", ours))
    print(told("a bare page", bare))
    print(f"TensorFlow mapped in the web process: {any(one.tensorflow for one in ours)}")


if __name__ == "__main__":
    main()
