"""Measures how long the Compare page takes to answer, and how much it sends.

    python -m tools.measure.compare [--repeats 15] [--photos 3670] [--runs 6]

In a home of its own: a garden of that many photos, and runs that are said to have been tested on all of them. Their answers are
drawn at random (see `random_runs`), since nothing here depends on how right they are; no run is under way. Chromium and the
server share the machine. A time runs from the click until all that it asks for stands on the page, thumbnails included; a
photo's thumbnail is made when it is first shown, so most clicks make up to twelve. Beside it stands
the processor time of server and browser together: what it would take on one core that does nothing else, also if this one does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Locator, Page, expect

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.evaluation.confusion import Cell, photos_in_cell
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.store import Store
from flowerlab.ui.compare.difference import PLACE as DIFFERENCES
from flowerlab.ui.confusion.cell_photos import FRAME, MINUS_FRAME
from flowerlab.ui.confusion.class_photos import PLACE as FIGURES
from tests.support.browser import DRAWN, PATIENCE_MS, chromium, new_page
from tests.support.matrix_cells import click_cell, find_cells
from tests.support.random_runs import random_run
from tests.support.served_app import served
from tools.measure.harness import SETTLED_MS, Visitor, own_home, parser, print_watch

# What a chart of each kind opens.
FRAMES = {"one": FRAME, "minus": MINUS_FRAME}
# Of a table, in which a click finds its cell by it.
TABLE_ROW_PX = 37
CHANGED = "([key, before]) => { const now = document.querySelector(`.st-key-${key}`); return now && now.innerText !== before }"
DRAWING = "key => [...document.querySelectorAll(`.st-key-${key} canvas`)].map(c => c.toDataURL()).join()"
UNITS = ["Photos", "% of the answer", "% of the true class"]


class CompareVisitor(Visitor):
    """A visitor who knows the parts of Compare.

    Args:
        page: Of the browser.
        classes: In label order.
    """

    def __init__(self, page: Page, classes: tuple[str, ...]) -> None:
        super().__init__(page)
        self.classes = classes
        self.places: dict[tuple[str, Cell], tuple[float, float]] = {}

    def learn(self, charts: dict[str, str], hover: Callable[[str, Cell], str]) -> None:
        """Finds the cells of charts, each standing for all of its kind.

        Args:
            charts: Key of the chart by kind.
            hover: What a cell of a kind says on hover.
        """
        cells = [Cell(truth, answer) for truth in range(len(self.classes)) for answer in range(len(self.classes))]
        for kind, chart in charts.items():
            found = find_cells(self.page, chart, [hover(kind, cell) for cell in cells])
            self.places |= {(kind, cell): found[hover(kind, cell)] for cell in cells}

    def seen(self, kind: str, words: str) -> None:
        """Waits until the open cell of a kind of chart says these words and shows its photos."""
        frame = f".st-key-{FRAMES[kind]}"
        expect(self.page.locator(frame).get_by_text(words).first).to_be_visible()
        self.pictures_seen(frame)

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
        before = self.page.evaluate(DRAWING, chart)
        with self.timed(kind):
            self.page.locator(".st-key-compare-unit").get_by_role("radio", name=unit, exact=True).click()
            self.page.wait_for_function(f"([key, before]) => ({DRAWING})(key) !== before", arg=[chart, before])

    def press(self, kind: str, key: str, turn: int) -> None:
        """Chooses another of the ways of a control; seen when the page is drawn once more."""
        ways = self.page.locator(f".st-key-{key} [role=radio]")
        other = [way for way in ways.all() if way.get_attribute("aria-checked") != "true"]
        chosen = other[turn % len(other)]
        chosen.scroll_into_view_if_needed()
        with self.timed(kind):
            chosen.click()
            expect(chosen).to_have_attribute("aria-checked", "true")
            self.drawn()

    def find(self, kind: str, words: str) -> None:
        """Looks for runs by words; seen when the page is drawn once more."""
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
            self.page.locator(DRAWN).wait_for(state="attached")

    def change_runs(self, name: str) -> None:
        """Takes the run that was chosen last away and adds it again; both are seen when the whole page is drawn once more."""
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

    def open_photos(self, kind: str, frame: str, click: Callable[[], None]) -> None:
        """Clicks what opens photos in a frame; seen when the frame says something else and shows its photos."""
        before = self.page.locator(f".st-key-{frame}").all_inner_texts()
        with self.timed(kind):
            click()
            self.page.wait_for_function(CHANGED, arg=[frame, before[0] if before else None])
            self.pictures_seen(f".st-key-{frame}")

    def open_figure(self, row: int) -> None:
        """Opens the photos that a number of "Each class" counts, in a row of its table."""
        table = self.page.locator(f"[class*=st-key-{FIGURES}-recall-] canvas").first
        table.evaluate("table => table.scrollIntoView({block: 'center'})")
        self.page.wait_for_timeout(SETTLED_MS)
        box = table.bounding_box()
        assert box is not None
        place = box["x"] + 0.4 * box["width"], box["y"] + TABLE_ROW_PX * (row + 1.5)
        # A mouse comes from somewhere: the table waits for that.
        self.page.mouse.move(*place, steps=5)
        self.open_photos("a number of each class: its photos", FIGURES, lambda: self.page.mouse.click(*place))

    def open_only_right(self, turn: int) -> None:
        """Opens the photos that only one of two runs got right."""
        sentences = self.page.locator("[data-testid=stMain] button:visible").filter(has_text="got right")
        chosen: Locator = sentences.nth(turn % sentences.count())
        chosen.scroll_into_view_if_needed()
        self.open_photos("only one got right: its photos", f"{DIFFERENCES}-cell", chosen.click)


def measure(
    visitor: CompareVisitor, address: str, runs: list[Run], sides: list[NDArray[np.float32]], truth: NDArray[np.int64], repeats: int
) -> None:
    """Opens the page and does everything `repeats` times."""
    page, random = visitor.page, np.random.default_rng(0)
    link, minus = f"{address}/compare?runs={','.join(run.id for run in runs)}", f"minus-{runs[0].id}-{runs[1].id}"
    visitor.open("open the page in a new server", link, minus)
    page.wait_for_timeout(3000)

    def hover(kind: str, cell: Cell) -> str:
        truth_name, answer = (visitor.classes[label] for label in cell)
        return f"{truth_name} called {answer}: A" if kind == "minus" else f"photos of {truth_name} were called {answer}"

    visitor.learn({"one": f"matrix-{runs[0].id}", "minus": minus}, hover)
    page.locator(".st-key-find-runs summary").click()
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
        visitor.switch("switch the unit", UNITS[number % 3], f"matrix-{run.id}")
        visitor.find("find runs by words", "" if number % 2 else run.name)
        visitor.press("curves: another measure", "compare-measure", number)
        visitor.press("curves: along something else", "compare-along", number)
        visitor.press("figures of each class: another one", "compare-figure", number)
    for number in range(min(repeats, len(runs) - 1)):
        visitor.open_only_right(number)
    # The classes and a mean, which counts all photos: each time another row.
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
    arguments = parser(
        __doc__, repeats=(15, "Of each interaction."), photos=(3670, "In the garden."), runs=(6, "That are compared.")
    ).parse_args()
    expect.set_options(timeout=PATIENCE_MS)
    os.environ |= {"FLOWERLAB_STARTER": "false", "FLOWERLAB_WARM_SPARE": "false"}
    with own_home() as folder:
        home = Home(folder).create()
        originals = gather(home, "garden", Garden(arguments.photos))
        # Of recipes of their own: seeds of one would be one point, and there would be no costs to draw.
        recipes = [Recipe.parse({"seed": number, "learning_rate": number / 1000}) for number in range(1, arguments.runs + 1)]
        with closing(Store(home.store)) as store:
            made = [random_run(store, home, originals, recipe.seed, recipe=recipe) for recipe in recipes]
        with served(folder, garden_pictures=arguments.photos) as server, chromium() as browser:
            visitor = CompareVisitor(new_page(browser), originals.classes)
            runs, sides = [run for run, _ in made], [side for _, side in made]
            measure(visitor, server.address, runs, sides, originals.labels, arguments.repeats)
    print(f"{os.cpu_count()} cores; {arguments.runs} runs, each with answers to all {arguments.photos:,} photos of a garden.\n")
    print_watch(visitor.kinds)


if __name__ == "__main__":
    main()
