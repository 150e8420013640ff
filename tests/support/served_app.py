"""The app, served on a free port."""

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

from tests.support import ROOT

SCRIPT = ROOT / "streamlit_app.py"
ANSWERS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Server:
    """The running app: the address of its Home page, and the id of its web process."""

    address: str
    pid: int


@contextmanager
def served(home: Path, *, script: Path = SCRIPT, garden_pictures: int | None = None, log: Path | None = None) -> Iterator[Server]:
    """Serves an app for the length of a block, which begins as soon as the server answers.

    Args:
        script: What `streamlit run` is given.
        garden_pictures: FLOWERLAB_GARDEN_PICTURES; None: as the environment has it.
        log: File for what the server prints; None: it is thrown away.

    Raises:
        TimeoutError: If the server does not answer within a minute.
    """
    port = free_port()
    environment = {**os.environ, "FLOWERLAB_HOME": str(home)}
    if garden_pictures is not None:
        environment["FLOWERLAB_GARDEN_PICTURES"] = str(garden_pictures)
    with (log or Path(os.devnull)).open("ab") as printed:
        process = subprocess.Popen(serving(port, script), cwd=ROOT, env=environment, stdout=printed, stderr=printed)
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
    """Returns a port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def serving(port: int, script: Path = SCRIPT) -> list[str]:
    """Returns the command that serves an app at a port."""
    options = ["--server.port", str(port), "--server.headless", "true"]
    return [sys.executable, "-m", "streamlit", "run", str(script), *options]


def _answers(address: str) -> bool:
    try:
        return bool(urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).read() == b"ok")
    except OSError:
        return False
