"""The app as a browser meets it: served on a free port, and Chromium. Shared by browser tests, pictures and measurements."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "streamlit_app.py"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ANSWERS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Server:
    """The running app.

    Args:
        address: Of its Home page.
        pid: Of its web process.
    """

    address: str
    pid: int


@contextmanager
def served(home: Path, *, script: Path = SCRIPT, garden_pictures: int | None = None, log: Path | None = None) -> Iterator[Server]:
    """Serves an app for the length of a block, which begins as soon as the server answers.

    Args:
        home: FLOWERLAB_HOME.
        script: What `streamlit run` is given.
        garden_pictures: FLOWERLAB_GARDEN_PICTURES; None leaves it.
        log: File for what the server prints; None: nobody wants it.

    Raises:
        TimeoutError: If the server does not answer within a minute.
    """
    port = free_port()
    environment = {**os.environ, "FLOWERLAB_HOME": str(home)}
    if garden_pictures is not None:
        environment["FLOWERLAB_GARDEN_PICTURES"] = str(garden_pictures)
    with (log or Path(os.devnull)).open("ab") as printed:
        process = subprocess.Popen(
            serving(port, script),
            cwd=ROOT,
            env=environment,
            stdout=printed,
            stderr=printed,
        )
    address = f"http://localhost:{port}"
    try:
        due_s = time.monotonic() + ANSWERS_WITHIN_S
        while not _answers(address):
            if time.monotonic() > due_s:
                raise TimeoutError(f"{script.name} does not answer at {address}.")
            time.sleep(0.02)
        yield Server(address, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def free_port() -> int:
    """Returns a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def serving(port: int, script: Path = SCRIPT) -> list[str]:
    """Returns the command that serves an app.

    Args:
        port: At which it listens.
        script: What `streamlit run` is given.
    """
    return [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(script),
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]


def _answers(address: str) -> bool:
    try:
        return bool(urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).read() == b"ok")
    except OSError:
        return False


@contextmanager
def chromium() -> Iterator[Browser]:
    """Opens Debian's Chromium for the length of a block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()
