"""Measures how long the Compare page takes to answer, and how much it sends.

    python -m tools.measure.compare [--repeats 15] [--photos 3670] [--runs 6]

In a home of its own: a garden of that many photos, and runs that are said to have been tested on all of them. Their answers are
drawn at random (see `random_runs`), since nothing here depends on how right they are; no run is under way. Chromium and the
server share the machine. A time runs from the click until all that it asks for stands on the page, thumbnails included; a
photo's thumbnail is made when it is first shown, so most clicks make up to twelve. Beside it stands
the processor time of server and browser together: what it would take on one core that does nothing else, also if this one does.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from playwright.sync_api import Page, Response, expect

from flowerlab.datasets.gather import gather
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.evaluation.confusion import Cell, photos_in_cell
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.ui.compare.difference import PLACE as DIFFERENCES
from flowerlab.ui.confusion.cell_photos import FRAME, MINUS_FRAME
from flowerlab.ui.confusion.class_photos import PLACE as FIGURES
from tools.app_server import chromium, served
from tools.matrix_cells import click_cell, find_cells
from tools.random_runs import random_run

PATIENCE_MS = 60_000
# What comes later than this belongs to no click.
SETTLED_MS = 400
# The script of a page begins a moment after the click that asks for it; the page tells when it has ended.
BEGINS_WITHIN_MS = 60
# What a chart of each kind opens.
FRAMES = {"one": FRAME, "minus": MINUS_FRAME}
ALL_DRAWN = "[data-testid=stApp][data-test-script-state=notRunning]"
# Of a table, in which a click finds its cell by it.
TABLE_ROW_PX = 37
CHANGED = "([key, before]) => { const now = document.querySelector(`.st-key-${key}`); return now && now.innerText !== before }"
ALL_SEEN = "key => [...document.querySelectorAll(`.st-key-${key} img`)].every(image => image.complete && image.naturalWidth)"


@dataclass
class Traffic:
    """What the browser received.

    Args:
        socket: Bytes of the web socket.
        photos: Bytes of pictures, which it asks for one by one and keeps.
    """

    socket: int = 0
    photos: int = 0

    def listen(self, page: Page) -> None:
        """Counts from now on."""
        page.on("websocket", lambda socket: socket.on("framereceived", self._frame))
        page.on("response", self._response)

    def _frame(self, payload: str | bytes) -> None:
        self.socket += len(payload)

    def _response(self, response: Response) -> None:
        if "/media/" in response.url:
            self.photos += int(response.headers.get("content-length", 0))


@dataclass
class Measured:
    """One kind of interaction.

    Args:
        seconds: From the click until all is seen.
        processor_s: Seconds of work in the meantime, and a moment longer.
        socket, photos: Bytes received for each.
    """

    seconds: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)
    socket: list[int] = field(default_factory=list)
    photos: list[int] = field(default_factory=list)

    def row(self, name: str) -> str:
        """Writes it as a row of a table."""
        times = " | ".join(
            f"{quantile:.2f} s"
            for values in (self.seconds, self.processor_s)
            for quantile in np.quantile(values, [0.5, 0.95]).tolist()
        )
        return f"| {name} | {len(self.seconds)} | {times} | {max(self.socket) / 1000:.0f} kB | {max(self.photos) / 1000:.0f} kB |"


def processor_s() -> float:
    """Returns the seconds that processors have worked for what this process started: server, browser, and what drives it."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


class Visitor:
    """One who uses the page, with a watch.

    Args:
        page: Of the browser.
        classes: In label order.
    """

    def __init__(self, page: Page, classes: tuple[str, ...]) -> None:
        self.page, self.classes, self.traffic = page, classes, Traffic()
        self.traffic.listen(page)
        self.kinds: dict[str, Measured] = {}
        self.places: dict[tuple[str, Cell], tuple[float, float]] = {}

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Measures what is done in a block, which ends when all that was asked for is seen."""
        self.page.wait_for_timeout(SETTLED_MS)
        socket, photos = self.traffic.socket, self.traffic.photos
        worked_s, begun_s = processor_s(), time.perf_counter()
        yield
        took_s = time.perf_counter() - begun_s
        self.page.wait_for_timeout(SETTLED_MS)
        measured = self.kinds.setdefault(kind, Measured())
        measured.seconds.append(took_s)
        measured.processor_s.append(processor_s() - worked_s)
        measured.socket.append(self.traffic.socket - socket)
        measured.photos.append(self.traffic.photos - photos)

    def seen(self, kind: str, words: str) -> None:
        """Waits until the open cell of a kind of chart says these words and shows its photos."""
        frame = FRAMES[kind]
        expect(self.page.locator(f".st-key-{frame}").get_by_text(words).first).to_be_visible()
        self.page.wait_for_function(ALL_SEEN, arg=frame)

    def learn(self, charts: dict[str, str], told: Callable[[str, Cell], str]) -> None:
        """Finds the cells of charts, each standing for all of its kind.

        Args:
            charts: Key of the chart by kind.
            told: What a cell of a kind says on hover.
        """
        cells = [Cell(truth, answer) for truth in range(len(self.classes)) for answer in range(len(self.classes))]
        for kind, chart in charts.items():
            found = find_cells(self.page, chart, [told(kind, cell) for cell in cells])
            self.places |= {(kind, cell): found[told(kind, cell)] for cell in cells}

    def click(self, what: str, kind: str, chart: str, cell: Cell, words: str) -> None:
        """Clicks a cell of a chart of a kind, and waits until its photos are seen under these words."""
        self.page.locator(f".st-key-{chart} canvas").first.scroll_into_view_if_needed()
        with self.timed(what):
            click_cell(self.page, chart, self.places[kind, cell])
            self.seen(kind, words)

    def turn(self, kind: str, key: str, begin: int) -> None:
        """Goes on to the next page of photos."""
        with self.timed(kind):
            self.page.locator(f".st-key-{key}-on button").click()
            self.seen("one", f"{begin + 1:,}–")

    def switch(self, kind: str, unit: str, chart: str) -> None:
        """Chooses another unit; seen when a chart has changed."""
        drawing = "key => [...document.querySelectorAll(`.st-key-${key} canvas`)].map(c => c.toDataURL()).join()"
        before = self.page.evaluate(drawing, chart)
        with self.timed(kind):
            self.page.locator(".st-key-compare-unit").get_by_role("radio", name=unit, exact=True).click()
            self.page.wait_for_function(f"([key, before]) => ({drawing})(key) !== before", arg=[chart, before])

    def press(self, kind: str, key: str, turn: int) -> None:
        """Chooses another of the ways of a control; seen when the page is drawn anew."""
        ways = self.page.locator(f".st-key-{key} [role=radio]")
        other = [way for way in ways.all() if way.get_attribute("aria-checked") != "true"]
        chosen = other[turn % len(other)]
        chosen.scroll_into_view_if_needed()
        with self.timed(kind):
            chosen.click()
            expect(chosen).to_have_attribute("aria-checked", "true")
            self.drawn()

    def find(self, kind: str, words: str) -> None:
        """Looks for runs by words; seen when the page is drawn anew."""
        box = self.page.locator(".st-key-find-text input")
        box.scroll_into_view_if_needed()
        with self.timed(kind):
            box.fill(words)
            box.press("Enter")
            self.drawn()

    def open(self, kind: str, address: str, chart: str) -> None:
        """Opens the page; seen when it is drawn with its charts."""
        with self.timed(kind):
            self.page.goto(address)
            expect(self.page.locator(f".st-key-{chart} canvas").first).to_be_visible()
            self.page.locator(ALL_DRAWN).wait_for(state="attached")

    def change_runs(self, name: str) -> None:
        """Takes the run that was chosen last away and adds it again; both are seen when the whole page is drawn anew."""
        box = self.page.locator(".st-key-compare-runs input")
        box.scroll_into_view_if_needed()
        with self.timed("take a run away"):
            box.press("Backspace")
            self.drawn()
        box.click()
        option = self.page.get_by_role("option", name=name, exact=True)
        with self.timed("add a run"):
            option.click()
            self.drawn()
        self.page.keyboard.press("Escape")

    def open_figure(self, row: int) -> None:
        """Opens the photos behind a number of "Each class", in a row of its table; seen with its photos."""
        table = self.page.locator(f"[class*=st-key-{FIGURES}-recall-] canvas").first
        table.evaluate("table => table.scrollIntoView({block: 'center'})")
        self.page.wait_for_timeout(SETTLED_MS)
        box = table.bounding_box()
        assert box is not None
        before = self.page.locator(f".st-key-{FIGURES}").all_inner_texts()
        place = box["x"] + 0.4 * box["width"], box["y"] + TABLE_ROW_PX * (row + 1.5)
        # A mouse comes from somewhere: the table waits for that.
        self.page.mouse.move(*place, steps=5)
        with self.timed("a number of each class: its photos"):
            self.page.mouse.click(*place)
            self.page.wait_for_function(CHANGED, arg=[FIGURES, before[0] if before else None])
            self.page.wait_for_function(ALL_SEEN, arg=FIGURES)

    def open_only_right(self, turn: int) -> None:
        """Opens the photos that only one of two runs got right."""
        sentences = self.page.locator("[data-testid=stMain] button:visible").filter(has_text="got right")
        chosen = sentences.nth(turn % sentences.count())
        chosen.scroll_into_view_if_needed()
        frame = f"{DIFFERENCES}-cell"
        before = self.page.locator(f".st-key-{frame}").all_inner_texts()
        with self.timed("only one got right: its photos"):
            chosen.click()
            self.page.wait_for_function(CHANGED, arg=[frame, before[0] if before else None])
            self.page.wait_for_function(ALL_SEEN, arg=frame)

    def drawn(self) -> None:
        """Waits until the page is drawn anew."""
        self.page.wait_for_timeout(BEGINS_WITHIN_MS)
        self.page.locator(ALL_DRAWN).wait_for(state="attached")


def measure(
    visitor: Visitor,
    address: str,
    runs: list[Run],
    sides: list[NDArray[np.float32]],
    truth: NDArray[np.int64],
    repeats: int,
) -> None:
    """Opens the page and does everything `repeats` times."""
    page, random = visitor.page, np.random.default_rng(0)
    link, minus = f"{address}/compare?runs={','.join(run.id for run in runs)}", f"minus-{runs[0].id}-{runs[1].id}"
    visitor.open("open the page in a new server", link, minus)
    page.wait_for_timeout(3000)

    def told(kind: str, cell: Cell) -> str:
        truth_name, answer = (visitor.classes[label] for label in cell)
        return f"{truth_name} called {answer}: A" if kind == "minus" else f"photos of {truth_name} were called {answer}"

    visitor.learn({"one": f"matrix-{runs[0].id}", "minus": minus}, told)
    page.locator(".st-key-find-runs summary").click()
    units = ["Photos", "% of the answer", "% of the true class"]
    classes = len(visitor.classes)
    # Each cell of a run once: one that was left on a later page opens there again.
    for number, drawn in enumerate(random.permutation(len(runs) * classes**2)[:repeats].tolist()):
        place, (truth_label, answer_label) = drawn // classes**2, divmod(drawn % classes**2, classes)
        cell = Cell(truth_label, answer_label)
        run, count = runs[place], len(photos_in_cell(truth, sides[place], cell))
        truth_name, answer = (visitor.classes[label] for label in cell)
        visitor.click(
            "click a cell: its photos",
            "one",
            f"matrix-{run.id}",
            cell,
            f"{'1 photo of' if count == 1 else f'{count:,}'} {truth_name} that “{run.name}”",
        )
        for begin in range(12, min(count, 36), 12):
            visitor.turn("turn a page of photos", f"photos-{run.id}-{cell.truth}-{cell.answer}", begin)
        visitor.click("click a cell of A minus B", "minus", minus, cell, f"{truth_name} called {answer}")
        visitor.switch("switch the unit", units[number % 3], f"matrix-{run.id}")
        visitor.find("find runs by words", "" if number % 2 else run.name)
        visitor.press("curves: another measure", "compare-measure", number)
        visitor.press("curves: along something else", "compare-along", number)
        visitor.press("figures of each class: another one", "compare-figure", number)
    for number in range(min(repeats, len(runs) - 1)):
        visitor.open_only_right(number)
    # The classes and a mean, behind which all photos are: each time another row.
    page.locator(".st-key-compare-figure").get_by_role("radio", name="Recall", exact=True).click()
    visitor.drawn()
    for number in range(repeats):
        visitor.open_figure(number % (classes + 1))
    for _ in range(repeats):
        visitor.change_runs(runs[-1].name)
    for _ in range(min(repeats, 5)):
        visitor.open("open the page again", link, f"matrix-{runs[0].id}")
        page.wait_for_timeout(1000)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15, help="Of each interaction. Default: 15.")
    parser.add_argument("--photos", type=int, default=3670, help="In the garden. Default: 3670.")
    parser.add_argument("--runs", type=int, default=6, help="That are compared. Default: 6.")
    arguments = parser.parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    os.environ |= {"FLOWERLAB_STARTER": "false", "FLOWERLAB_WARM_SPARE": "false"}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        home = Home(Path(folder)).create()
        settings = Settings(home=home.root, garden_pictures=arguments.photos)
        originals = gather(home, "garden", garden_of(settings))
        store = Store(home.store)
        # Of recipes of their own: seeds of one would be one point, and there would be no costs to draw.
        made = [
            random_run(store, home, originals, number, recipe=Recipe.parse({"seed": number, "learning_rate": number / 1000}))
            for number in range(1, arguments.runs + 1)
        ]
        store.close()
        with served(home.root, garden_pictures=arguments.photos) as server, chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE_MS)
            visitor = Visitor(page, originals.classes)
            measure(
                visitor,
                server.address,
                [run for run, _ in made],
                [side for _, side in made],
                originals.labels,
                arguments.repeats,
            )
    print(f"{os.cpu_count()} cores; {arguments.runs} runs, each with answers to all {arguments.photos:,} photos of a garden.\n")
    print(
        "| interaction | times | p50 | p95 | processor, p50 | processor, p95 | most by web socket | most in pictures |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for kind, measured in visitor.kinds.items():
        print(measured.row(kind))


if __name__ == "__main__":
    main()
