"""What the measurements share: a lab in a home of its own, a visitor with a watch, figures, and the printed table."""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import Page

from flowerlab.datasets.garden import pictures
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from tests.support.browser import DRAWN

# What is counted after a click may come a little later; what comes later still belongs to no click.
SETTLED_MS = 400
# The script of a page begins a moment after the click that asks for it.
BEGINS_WITHIN_MS = 60
PICTURES_SEEN = "box => [...document.querySelectorAll(`${box} img`)].every(image => image.complete && image.naturalWidth)"
MAIN = "[data-testid=stMain]"
WATCH_HEADING = ("interaction", "times", "p50", "p95", "processor, p50", "processor, p95", "most by web socket", "most by HTTP")


def parser(about: str | None, *, home: bool = False, **counts: tuple[int, str]) -> argparse.ArgumentParser:
    """Makes a measurement's command line.

    Args:
        about: Its docstring.
        home: Whether it takes `--home`.
        counts: Default and help of each further option.
    """
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    if home:
        made.add_argument("--home", type=Path, help="The lab's home. Default: a new one, removed at the end.")
    for name, (default, text) in counts.items():
        made.add_argument(f"--{name}", type=int, default=default, help=f"{text} Default: {default}.")
    return made


@contextmanager
def own_home(given: Path | None = None) -> Iterator[Path]:
    """Gives a folder for the length of a block: the given one, or else a new one, which is removed."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def own_lab(home: Path | None = None, *, run_queue: bool = True, **settings: Any) -> Iterator[Lab]:
    """Opens a lab for the length of a block, in a home of its own unless one is given, with neither starter nor warm spare unless set."""
    with own_home(home) as folder:
        chosen = Settings(**{"home": folder, "starter": False, "warm_spare": False, **settings})
        with closing(Lab(chosen, run_queue=run_queue)) as lab:
            yield lab


def trained(
    lab: Lab,
    recipe: Recipe,
    *,
    name: str | None = None,
    again: bool = False,
    watch: Callable[[], None] = lambda: None,
    every_s: float = 0.05,
) -> Run:
    """Trains a recipe to its end, calling `watch` every so many seconds, and returns the run.

    Raises:
        SystemExit: If the run does not end well.
    """
    run_id = lab.queue.start(recipe, name=name, again=again).run.id
    lab.queue.wait([run_id], watch=watch, every_s=every_s)
    run = lab.store.get(run_id)
    if run.state is not RunState.DONE:
        raise SystemExit(f"{run.name} is {run.state}: {run.message}")
    return run


def jpeg(number: int, size_px: tuple[int, int]) -> bytes:
    """Returns a picture of the garden, stretched to (width, height), as JPEG."""
    file = io.BytesIO()
    Image.fromarray(pictures.draw(number).photo).resize(size_px).save(file, "JPEG", quality=90)
    return file.getvalue()


def seconds_of(work: Callable[[], object]) -> float:
    """Returns the seconds that some work takes."""
    begun_s = time.perf_counter()
    work()
    return time.perf_counter() - begun_s


def spread(seconds: Sequence[float], digits: int = 2) -> str:
    """Writes the median, the lowest and the highest of some seconds."""
    return f"{statistics.median(seconds):.{digits}f} s ({min(seconds):.{digits}f}–{max(seconds):.{digits}f})"


def p50_p95(seconds: Sequence[float], digits: int = 2) -> tuple[str, str]:
    """Writes the median and the 95th percentile of some seconds."""
    median, p95 = np.quantile(seconds, [0.5, 0.95]).tolist()
    return f"{median:.{digits}f} s", f"{p95:.{digits}f} s"


def print_row(*cells: object) -> None:
    """Prints a row of a Markdown table, at once: the next one may take minutes."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def print_heading(*cells: str) -> None:
    """Prints the heading of a Markdown table."""
    print_row(*cells)
    print_row(*["---"] * len(cells))


def processor_s() -> float:
    """Returns the seconds that processors have worked for what this process started: server, browser, and what drives it."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


class Traffic:
    """What a page receives from now on, in bytes: over the web socket, and by HTTP (pictures, and the page's own scripts)."""

    def __init__(self, page: Page) -> None:
        self.socket = self.http = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._frame)
        session.on("Network.loadingFinished", self._loaded)

    def _frame(self, event: dict[str, dict[str, str]]) -> None:
        # Binary frames come in Base64.
        self.socket += len(event["response"]["payloadData"]) * 3 // 4

    def _loaded(self, event: dict[str, float]) -> None:
        self.http += int(event["encodedDataLength"])


@dataclass
class Measured:
    """One kind of interaction, each time it was done.

    Args:
        seconds: From the click until all that it asks for is seen.
        processor_s: Seconds of work in the meantime, and a moment longer.
        socket, http: Bytes received.
    """

    seconds: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)
    socket: list[int] = field(default_factory=list)
    http: list[int] = field(default_factory=list)


class Visitor:
    """Who uses a page, with a watch. Several may note what they measure in one place: `kinds`, by the interaction."""

    def __init__(self, page: Page, kinds: dict[str, Measured] | None = None) -> None:
        self.page, self.traffic = page, Traffic(page)
        self.kinds = {} if kinds is None else kinds

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Measures what is done in a block, which ends when all that was asked for is seen."""
        self.page.wait_for_timeout(SETTLED_MS)
        socket, http = self.traffic.socket, self.traffic.http
        worked_s, begun_s = processor_s(), time.perf_counter()
        yield
        took_s = time.perf_counter() - begun_s
        self.page.wait_for_timeout(SETTLED_MS)
        measured = self.kinds.setdefault(kind, Measured())
        measured.seconds.append(took_s)
        measured.processor_s.append(processor_s() - worked_s)
        measured.socket.append(self.traffic.socket - socket)
        measured.http.append(self.traffic.http - http)

    def drawn(self) -> None:
        """Waits until the page is drawn once more."""
        self.page.wait_for_timeout(BEGINS_WITHIN_MS)
        self.page.locator(DRAWN).wait_for(state="attached")

    def pictures_seen(self, box: str = MAIN) -> None:
        """Waits until all pictures in a box have come."""
        self.page.wait_for_function(PICTURES_SEEN, arg=box)


def print_watch(kinds: dict[str, Measured]) -> None:
    """Prints what a watch has measured, as a table."""
    print_heading(*WATCH_HEADING)
    for kind, one in kinds.items():
        times = (*p50_p95(one.seconds), *p50_p95(one.processor_s))
        print_row(kind, len(one.seconds), *times, *(f"{max(sent) / 1000:.0f} kB" for sent in (one.socket, one.http)))
