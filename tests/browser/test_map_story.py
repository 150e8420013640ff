"""The map of test photos under a mouse, in Chromium, with a real model."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from flowerlab.runs.run import Run
from tests.support.served_app import Server

POINT = ".st-key-inside-opened img"
MAP = "[data-testid=stPlotlyChart]"


def middle_of(point: Locator) -> tuple[float, float]:
    """The middle of a point on the screen."""
    box = point.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.nightly
@pytest.mark.browser
def test_a_click_opens_a_photo_and_a_box_shows_several(with_models: tuple[Server, Run, Run], page: Page) -> None:
    """Draw the map, click a point: its photo opens with its nearest training photos; take the box: all photos in it are shown, and
    the one that was open stays."""
    server, _starter, run = with_models
    page.goto(f"{server.address}/inside?runs={run.id}")
    page.get_by_role("radio", name="Map of the test photos").click()
    page.get_by_role("button", name="Draw the map of 100 test photos").click()
    points = page.locator(f"{MAP} path.point")
    expect(points).to_have_count(100)
    page.mouse.click(*middle_of(points.nth(3)))
    picture = page.locator(POINT).first
    expect(picture).to_have_attribute("alt", re.compile("^Photo garden-"))
    opened = picture.get_attribute("alt")
    expect(page.get_by_alt_text(re.compile("^Training photo .*number 5 by likeness"))).to_be_visible()
    page.locator(f"{MAP} [data-title='Box Select']").click()
    box = page.locator(f"{MAP} .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5, steps=5)
    page.mouse.up()
    expect(page.get_by_role("heading", name=re.compile("^100 selected photos"))).to_be_visible()
    assert picture.get_attribute("alt") == opened
    page.get_by_role("button", name="Open", exact=True).nth(1).click()
    expect(picture).not_to_have_attribute("alt", str(opened))
    assert page.get_by_test_id("stException").count() == 0
