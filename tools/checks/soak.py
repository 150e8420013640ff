"""Uses the lab for an hour as a class does, and watches what that does to it.

    python -m tools.checks.soak [--minutes 60] [--viewers 10] [--write]

In a home of its own. One person at a browser starts runs, stops every third one, uploads photos, and goes through all pages; others
keep the Train page open and reload it from time to time; a second program on the same home queues runs, as the command line does.
Meanwhile the memory and the open files of the web process are read every five seconds. At the end the lab is closed.

It ends with 1, and says why, if a page showed an error, the server printed one, a run failed, a process was left behind, or the web
process grew by more than 5 % after its first ten minutes. `--write` puts the figures into docs/benchmarks/soak.md, which `make bench`
takes into docs/benchmarks.md.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from flowerlab.datasets.garden import pictures
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import RunState
from flowerlab.store import Store
from flowerlab.system.cpu import machine_name
from tests.support.browser import chromium, new_page, upload
from tests.support.served_app import Server, served
from tools import ROOT
from tools.checks.kill_app import processes_of
from tools.measure.harness import own_lab, parser

SECTION = ROOT / "docs" / "benchmarks" / "soak.md"
PICTURES = 100
PATIENCE_MS = 120_000
SAMPLE_EVERY_S = 5.0
# The first sixth fills caches and loads what is loaded once: ten minutes of an hour.
WARM_UP = 1 / 6
MOST_GROWTH = 0.05
ORPHANS_LEAVE_WITHIN_S = 15.0
OVER_WITHIN_S = 300.0
# So many take longer than it takes to press Stop.
STOPPED_EPOCHS = 200
SMALL = "architecture=handmade&image_size=72&head=8&patience=50"
PAGES = ("", "data", "train", "compare", "mistakes", "inside", "experiments", "classify", "disk")
# Faults, sentences about faults, and what Streamlit shows when the server does not answer.
SHOWN_ERRORS = "[data-testid=stException], [data-testid=stAlertContentError], [role=dialog]:has-text('Connection')"
LINES_BEFORE, LINES_AFTER = 3, 60
PRINTED_ERROR = re.compile(r"Traceback|ERROR|CRITICAL|Uncaught")


@dataclass
class Soaked:
    """What was done and seen.

    Args:
        done: How often each thing was done.
        errors: What should not have been, in words.
        memory: (seconds since the begin, resident bytes of the web process).
        most_files: Files and connections that it had open at once.
    """

    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, int]] = field(default_factory=list)
    most_files: int = 0

    def growth(self, whole_s: float) -> tuple[float, float, float]:
        """Returns (bytes after the warm-up, bytes at the end, growth as a share); medians over a twelfth of the time each."""
        begin_s, span_s = whole_s * WARM_UP, whole_s / 12
        first = [size for at_s, size in self.memory if begin_s <= at_s <= begin_s + span_s]
        last = [size for at_s, size in self.memory if at_s >= self.memory[-1][0] - span_s]
        before, after = statistics.median(first), statistics.median(last)
        return before, after, after / before - 1


class Watcher(threading.Thread):
    """Reads what the web process holds until `leave` is set."""

    def __init__(self, pid: int, soaked: Soaked) -> None:
        super().__init__(daemon=True, name="soak-watcher")
        self._process, self._soaked, self.leave = psutil.Process(pid), soaked, threading.Event()

    def run(self) -> None:
        """Samples."""
        begun_s = time.monotonic()
        while not self.leave.wait(SAMPLE_EVERY_S):
            self._soaked.memory.append((time.monotonic() - begun_s, self._process.memory_info().rss))
            self._soaked.most_files = max(self._soaked.most_files, self._process.num_fds())


class Person:
    """One window, whose errors are noted.

    Args:
        browser: Chromium.
        server: The app.
        soaked: Where it is noted.
    """

    def __init__(self, browser: Browser, server: Server, soaked: Soaked) -> None:
        self._server, self._soaked = server, soaked
        self.page: Page = new_page(browser)
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: soaked.errors.append(f"A script in the page failed: {error}"))

    def go(self, where: str) -> None:
        """Loads a page and looks whether it shows an error."""
        self.page.goto(f"{self._server.address}/{where}")
        expect(self.page.get_by_test_id("stMain").get_by_role("heading").first).to_be_visible()
        self.look(where)
        self._soaked.done["pages loaded"] += 1

    def look(self, where: str) -> None:
        """Notes an error on the page."""
        for error in self.page.locator(SHOWN_ERRORS).all_inner_texts():
            self._soaked.errors.append(f"/{where} shows an error: {error[:300]}")

    def start(self, seed: int, *, stop: bool) -> None:
        """Starts a run with the button; stops it after its first epochs if asked, else waits for its end."""
        epochs = STOPPED_EPOCHS if stop else 6
        self.go(f"train?{SMALL}&epochs={epochs}&seed={seed}")
        self.page.locator(".st-key-start button").click()
        if stop:
            # Behind the first whole epoch there is something to keep. A short run is over before anybody reads its epoch.
            expect(self.page.get_by_text(re.compile(rf"Epoch ([2-9]|\d\d+) of {epochs}")).first).to_be_visible()
            self.page.locator(".st-key-stop button").click()
            expect(self.page.get_by_text("the best one was kept").first).to_be_visible()
        else:
            expect(self.page.get_by_text("Test accuracy", exact=True).first).to_be_visible()
        self.look("train")
        self._soaked.done["runs stopped" if stop else "runs started on the page"] += 1

    def classify(self, number: int) -> None:
        """Uploads a photo and reads the answer."""
        self.go("classify")
        # Of a garden with more pictures than this lab's: each is another photo.
        upload(self.page, **{f"photo-{number}": pictures.draw_original(PICTURES + number).data})
        expect(self.page.get_by_text(f"photo-{number}.jpg").first).to_be_visible()
        expect(self.page.get_by_test_id("stMain").get_by_text("%").first).to_be_visible()
        self.look("classify")
        self._soaked.done["photos classified"] += 1


def soak(home: Path, *, minutes: float, viewers: int, log: Path) -> Soaked:
    """Uses the lab for so long, closes it, and looks what is left.

    Args:
        home: An empty folder.
        minutes: How long.
        viewers: Windows that keep the Train page open.
        log: File for what the server prints.
    """
    soaked = Soaked()
    with served(home, garden_pictures=PICTURES, log=log) as server, chromium() as browser:
        watcher = Watcher(server.pid, soaked)
        watcher.start()
        with own_lab(home, garden_pictures=PICTURES, run_queue=False) as lab:
            _use(browser, server, lab, soaked, due_s=time.monotonic() + minutes * 60, viewers=viewers)
            watcher.leave.set()
            watcher.join()
            _wait_for_runs(lab, soaked)
    _look_back(home, log, soaked)
    return soaked


def _use(browser: Browser, server: Server, lab: Lab, soaked: Soaked, *, due_s: float, viewers: int) -> None:
    person = Person(browser, server, soaked)
    watching = [Person(browser, server, soaked) for _ in range(viewers)]
    for one in watching:
        one.go("train")
    turn = 0
    while time.monotonic() < due_s:
        turn += 1
        try:
            _take_turn(turn, person, watching, lab, soaked)
        except (AssertionError, PlaywrightError) as error:
            soaked.errors.append(f"In turn {turn} something did not come: {str(error).splitlines()[0]}")


def _take_turn(turn: int, person: Person, watching: list[Person], lab: Lab, soaked: Soaked) -> None:
    person.start(turn, stop=turn % 3 == 0)
    if turn % 2:
        lab.queue.start(Recipe.parse({"image_size": 72, "epochs": 2, "head": (4,), "seed": turn}), again=True)
        soaked.done["runs queued by a second program"] += 1
    person.classify(turn)
    person.go(PAGES[turn % len(PAGES)])
    if watching:
        watching[turn % len(watching)].go("train")
        for one in watching:
            one.look("train")


def _wait_for_runs(lab: Lab, soaked: Soaked) -> None:
    due_s = time.monotonic() + OVER_WITHIN_S
    while live := [run for run in lab.store.all() if not run.state.over]:
        if time.monotonic() > due_s:
            soaked.errors.append(f"Runs do not end: {[(run.name, str(run.state)) for run in live]}.")
            break
        time.sleep(0.5)
    for run in lab.store.all():
        soaked.done[f"runs that ended as {run.state}"] += 1
        if run.state in (RunState.FAILED, RunState.INTERRUPTED):
            soaked.errors.append(f"{run.name} {run.state}: {run.message}")


def _look_back(home: Path, log: Path, soaked: Soaked) -> None:
    due_s = time.monotonic() + ORPHANS_LEAVE_WITHIN_S
    while (orphans := processes_of(home)) and time.monotonic() < due_s:
        time.sleep(0.1)
    if orphans:
        soaked.errors.append(f"Processes are left behind: {orphans}.")
    with closing(Store(Home(home).store)) as store:
        try:
            store.look_through()
        except FlowerlabError as error:
            soaked.errors.append(f"The list of runs is not whole: {error}")
    soaked.errors += printed_errors(log.read_text(encoding="utf-8", errors="replace").splitlines())


def printed_errors(printed: Sequence[str]) -> list[str]:
    """Returns what the server printed of a fault, each with the lines around it: a traceback says where."""
    found, told_up_to = [], 0
    for place, line in enumerate(printed):
        if PRINTED_ERROR.search(line) and place >= told_up_to:
            told_up_to = place + LINES_AFTER
            found.append("The server printed:\n" + "\n".join(printed[max(0, place - LINES_BEFORE) : told_up_to]))
    return found


def figures(soaked: Soaked, minutes: float, viewers: int) -> list[str]:
    """Returns what came out, as Markdown."""
    before, after, growth = soaked.growth(minutes * 60)
    done = ", ".join(f"{what} {count:,}" for what, count in sorted(soaked.done.items()))
    return [
        f"{machine_name()}; {minutes:g} minutes, {viewers} windows that watch. {done[0].upper()}{done[1:]}.",
        "",
        f"Errors: {len(soaked.errors)}. Processes left behind: none." if not soaked.errors else f"Errors: {len(soaked.errors)}.",
        "",
        f"Memory of the web process: {before / 1e6:.0f} MB after {minutes * WARM_UP:.0f} minutes, {after / 1e6:.0f} MB at the end "
        f"({growth:+.1%}; at most {MOST_GROWTH:+.0%} is promised), {max(size for _, size in soaked.memory) / 1e6:.0f} MB at most. "
        f"Files and connections open at once: {soaked.most_files} at most.",
    ]


def main() -> int:
    """Soaks, prints, writes."""
    options = parser(__doc__, viewers=(10, "Windows that watch."))
    options.add_argument("--minutes", type=float, default=60, help="How long. Default: 60.")
    options.add_argument("--write", action="store_true", help="Write docs/benchmarks/soak.md.")
    arguments = options.parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    os.environ["FLOWERLAB_STARTER"] = "false"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home, log = Path(folder) / "home", Path(folder) / "server.log"
        soaked = soak(home, minutes=arguments.minutes, viewers=arguments.viewers, log=log)
    lines = figures(soaked, arguments.minutes, arguments.viewers)
    print("\n".join(lines))
    for error in soaked.errors:
        print(error, file=sys.stderr)
    if arguments.write:
        SECTION.write_text(
            "\n".join(["## An hour of use", "", "`python -m tools.checks.soak --write`", "", *lines, ""]), encoding="utf-8"
        )
    return int(bool(soaked.errors) or soaked.growth(arguments.minutes * 60)[2] > MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
