"""Measures how long after `streamlit run` the first page stands in Chromium, and what the web process has mapped by then.

    python -m tools.measure_start [--repeats 5]

Each repeat starts a fresh server on an empty home. The browser is open already; it asks again and again until the server
answers, and the clock stops when the button "Run the lecture" can be seen.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

ROOT = Path(__file__).parents[1]


def seconds_to_first_page(browser: Browser) -> tuple[float, bool]:
    """Returns the seconds until the first page stands, and whether the web process has mapped TensorFlow."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    page = browser.new_page()
    with tempfile.TemporaryDirectory() as home:
        began = time.monotonic()
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port), "--server.headless", "true"],
            cwd=ROOT, env={**os.environ, "FLOWERLAB_HOME": home}, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while True:
                try:
                    page.goto(f"http://localhost:{port}")
                    break
                except Error:
                    time.sleep(0.05)
            page.locator(".st-key-lecture button").wait_for(timeout=60_000)
            took = time.monotonic() - began
            tensorflow = "tensorflow" in Path(f"/proc/{server.pid}/maps").read_text()
        finally:
            server.terminate()
            server.wait(timeout=30)
            page.close()
    return took, tensorflow


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="How many servers are started. Default: 5.")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        results = [seconds_to_first_page(browser) for _repeat in range(arguments.repeats)]
        browser.close()
    took = [seconds for seconds, _mapped in results]
    print("seconds to the first page: " + ", ".join(f"{seconds:.2f}" for seconds in took))
    print(f"median {statistics.median(took):.2f}, longest {max(took):.2f}; {os.cpu_count()} cores")
    print(f"TensorFlow mapped in the web process: {any(mapped for _seconds, mapped in results)}")


if __name__ == "__main__":
    main()
