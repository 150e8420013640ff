"""Two people at one lab."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from flowerlab.runs.run import Run
from flowerlab.store import Store
from flowerlab.ui.base.student import COOKIE
from tests.support.browser import new_page
from tests.support.served_app import Server

LONG = "architecture=handmade&image_size=72&epochs=500&patience=500"


def runs_of(tmp_path: Path) -> list[Run]:
    """All runs of the server's home."""
    with closing(Store(tmp_path / "home" / "flowerlab.sqlite3")) as store:
        return store.all()


@pytest.mark.browser
def test_two_browsers_see_the_same_truth(server: Server, browser: Browser, tmp_path: Path) -> None:
    """Runs started from two browsers queue; both pages show both; a closed tab changes nothing; anyone can stop a run.

    Each browser is a student of its own in the queue, with all its windows, from the first page that it opens.
    """
    first, second = new_page(browser), new_page(browser)
    first.goto(f"{server.address}/train?{LONG}")
    first.locator(".st-key-start button").click()
    expect(first.get_by_text(re.compile(r"Epoch \d+ of 500"))).to_be_visible()
    second.goto(f"{server.address}/train?{LONG}&seed=7")
    second.locator(".st-key-start button").click()
    expect(second.get_by_text("Waiting: one run goes before it.")).to_be_visible()
    expect(first.get_by_text("waiting: 1")).to_be_visible()
    with first.context.expect_page() as opened:
        first.evaluate(f"window.open('/train?{LONG}&seed=8')")
    opened.value.locator(".st-key-start button").click()
    expect(second.get_by_text("waiting: 2")).to_be_visible()
    students = [run.student for run in runs_of(tmp_path)]
    assert [students.count(student) for student in sorted(set(students), key=students.index)] == [2, 1]
    assert all(student.startswith("browser-") for student in students)
    (cookie,) = [kept for kept in first.context.cookies() if kept["name"] == COOKIE]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    expect(first.get_by_text("Hand-made #2").first).to_be_visible()
    first.close()
    expect(second.get_by_text(re.compile(r"training: Hand-made #1"))).to_be_visible()
    second.get_by_test_id("stButtonGroup").get_by_text("Hand-made #1").click()
    second.locator(".st-key-stop button").click()
    second.get_by_test_id("stButtonGroup").get_by_text("Hand-made #2").click()
    expect(second.get_by_text(re.compile(r"Epoch \d+ of 500"))).to_be_visible()
