"""Every page as a phone, a dark room and a school without network see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from flowerlab.datasets.garden import pictures
from flowerlab.home import Home
from flowerlab.runs.run import Run
from tests.support.browser import DRAWN, new_page, upload
from tests.support.filled_home import fill
from tests.support.served_app import Server, served

PAGES = {
    "": "Flowerlab",
    "data": "Data",
    "train": "Train",
    "compare": "Compare",
    "mistakes": "Mistakes",
    "inside": "Inside",
    "experiments": "Experiments",
    "classify": "Classify",
    "disk": "Disk",
}
# Streamlit's outer boxes hide what sticks out, so that the document never scrolls: its main part does, or cuts it off.
STICKING_OUT = """() => {
    const main = document.querySelector('[data-testid=stMain]'), found = [];
    if (main.scrollWidth > main.clientWidth) found.push(`page ${main.scrollWidth} > ${main.clientWidth}`);
    const edge = main.getBoundingClientRect().left + main.clientWidth + 1;
    const hides = element => {
        for (let box = element.parentElement; box && box !== main; box = box.parentElement)
            if (getComputedStyle(box).overflowX !== 'visible') return true;
        return false;
    };
    for (const element of main.querySelectorAll('*')) {
        const { right, width } = element.getBoundingClientRect();
        if (width && right > edge && !hides(element)) found.push(`${element.tagName} ${element.innerText || ''}`.slice(0, 60));
    }
    for (const drawn of main.querySelectorAll('canvas, img')) {
        const box = drawn.closest('[data-testid=stElementContainer]');
        const { right, width } = drawn.getBoundingClientRect();
        if (box && width && right > box.getBoundingClientRect().right + 1) found.push(`${drawn.tagName} in ${box.className}`);
    }
    return found;
}"""
TOO_WIDE = "document.querySelector('[data-testid=stMain] h1').style.minWidth = '600px'"
MOST_EXPANDERS = 40
VIEWS = ("worst", "epochs", "calibration", "duplicates")


def drawn(page: Page, title: str) -> None:
    """Waits until a page has been drawn to its end."""
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")


@pytest.mark.browser
def test_every_page_opens_by_its_own_address(server: Server, browser: Browser) -> None:
    """The very first page of a fresh server may be any one: it has the navigation; none fails, scrolls sideways on a
    narrow screen, or asks anything outside this machine."""
    page = new_page(browser, width=400)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, title in reversed(PAGES.items()):
        page.goto(f"{server.address}/{name}")
        drawn(page, title)
        assert page.get_by_test_id("stException").count() == 0, name
        assert page.evaluate(STICKING_OUT) == [], name
        expect(page.get_by_text("nothing is training")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    for title in ("Data", "Train", "Compare", "Mistakes", "Inside", "Experiments", "Classify", "Disk"):
        page.get_by_role("link", name=title).click()
        drawn(page, title)
        assert page.get_by_test_id("stException").count() == 0, title
    outside = [url for url in asked if not url.startswith((server.address, "data:", "blob:"))]
    assert not outside


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Server, str]]:
    """The running app with runs and experiments to show, and the ids of three runs as in an address."""
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", "100")
    # VGG16 mini shall be the first of the known networks, wherever the test runs.
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    Home(tmp_path / "home").create()
    runs = fill()
    with served(tmp_path / "home", garden_pictures=100) as running:
        yield running, ",".join(run.id for run in runs)


@pytest.mark.browser
def test_nothing_sticks_out_on_a_phone(filled: tuple[Server, str], browser: Browser) -> None:
    """With several runs, on 400 px and in the dark, no page can be scrolled sideways, and nothing reaches out of it or of its box;
    what is put there to stick out is found."""
    server, ids = filled
    page = new_page(browser, width=400, dark=True)
    addresses = {name: f"{name}?runs={ids}" if name in ("compare", "classify") else name for name in PAGES}
    addresses["train"] = f"train?run={ids.split(',')[0]}"
    addresses |= {f"mistakes {view}": f"mistakes?runs={ids}&view={view}" for view in VIEWS}
    for name, address in addresses.items():
        page.goto(f"{server.address}/{address}")
        drawn(page, PAGES[name.split(" ")[0]])
        page.wait_for_selector(DRAWN)
        assert page.get_by_test_id("stException").count() == 0, name
        assert page.evaluate(STICKING_OUT) == [], name
    page.evaluate(TOO_WIDE)
    assert page.evaluate(STICKING_OUT) != []


def open_all(page: Page) -> int:
    """Opens every part of a page that is shut, and those in it; returns how many there are."""
    shut = page.locator("[data-testid=stMain] details:not([open]) > summary")
    page.wait_for_selector(DRAWN)
    for _ in range(MOST_EXPANDERS):
        if not shut.count():
            return page.locator("[data-testid=stMain] details").count()
        shut.first.click()
        page.wait_for_selector(DRAWN)
    raise AssertionError("There is always one more that is shut.")


def fits(page: Page, name: str) -> None:
    """Asserts that a page was drawn without an error, has no picture that does not say what it shows, and nothing sticks out of it."""
    page.wait_for_selector(DRAWN)
    page.wait_for_function("!document.querySelector('[data-testid=stMain] [data-testid=stSkeleton]')")
    for bad in ("stException", "stAlertContentError"):
        assert page.get_by_test_id(bad).count() == 0, (name, bad)
    assert page.evaluate(STICKING_OUT) == [], name
    assert page.evaluate("[...document.querySelectorAll('[data-testid=stMain] img:not([alt])')].length") == 0, name


@pytest.mark.nightly
@pytest.mark.browser
@pytest.mark.timeout(600)
def test_nothing_sticks_out_on_a_phone_that_opens_everything(with_models: tuple[Server, Run, Run], browser: Browser) -> None:
    """With models that answer: an own photo's answers with their maps and most similar photos, all that Inside shows, and every
    page on which parts are shut with all of them open, on 400 px."""
    server, starter, run = with_models
    page, both = new_page(browser, width=400), f"runs={starter.id},{run.id}"
    page.goto(f"{server.address}/classify?{both}")
    drawn(page, "Classify")
    names = {"a flower behind the house": 1_000_003, "b": 1_000_004}
    upload(page, **{name: pictures.draw_original(number).data for name, number in names.items()})
    for toggle in ("classify-looks", "classify-similar"):
        page.locator(f".st-key-{toggle} label").click()
    # Two runs look at two photos; the starter's training photos are not in the lab.
    expect(page.get_by_alt_text(re.compile("^Where .* looks in the photo"))).to_have_count(4)
    expect(page.get_by_alt_text(re.compile("^Training photo"))).to_have_count(6)
    assert open_all(page) >= 1
    fits(page, "classify")
    page.goto(f"{server.address}/inside?{both}")
    drawn(page, "Inside")
    expect(page.get_by_alt_text(re.compile("^Where .* looks for"))).to_have_count(2)
    expect(page.get_by_alt_text(re.compile("^Difference of where two runs look"))).to_be_visible()
    fits(page, "inside where")
    page.goto(f"{server.address}/inside?runs={run.id}")
    drawn(page, "Inside")
    page.get_by_role("radio", name="Layers").click()
    expect(page.get_by_alt_text(re.compile("^Channel .* of layer"))).to_have_count(12)
    assert open_all(page) == 1
    expect(page.get_by_alt_text(re.compile("^Filter 0"))).to_be_visible()
    fits(page, "inside layers")
    page.get_by_role("radio", name="Map of the test photos").click()
    page.get_by_role("button", name="Draw the map").click()
    expect(page.locator("[data-testid=stPlotlyChart] path.point")).to_have_count(100)
    page.locator("[data-testid=stPlotlyChart] path.point").first.click(force=True)
    expect(page.get_by_alt_text(re.compile("^Training photo"))).to_have_count(5)
    assert open_all(page) == 1
    fits(page, "inside map")
    shut = {
        "": 1,
        "train": 4,
        f"train?run={run.id}": 1,
        f"compare?{both}": 3,
        f"mistakes?{both}&view=epochs": 4,
        f"mistakes?{both}&view=calibration": 2,
    }
    for address, least in shut.items():
        page.goto(f"{server.address}/{address}")
        drawn(page, PAGES[address.split("?")[0]])
        assert open_all(page) >= least, address
        if address == "train":
            for key in ("code", "link", "sweep"):
                expect(page.locator(f".st-key-{key} details[open]")).to_have_count(1)
        if "?run=" in address:
            expect(page.locator(".st-key-take-home details[open] button").first).to_be_visible()
        fits(page, address)
    page.evaluate(TOO_WIDE)
    assert page.evaluate(STICKING_OUT) != []
