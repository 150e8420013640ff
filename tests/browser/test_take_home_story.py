"""The story of whoever takes home what they saw: an own photo, the run's notebook, and the notebook run without Flowerlab."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flowerlab.datasets.garden import pictures
from flowerlab.runs.run import Run, RunState
from flowerlab.store import Store
from tests.support.browser import upload
from tests.support.notebooks import code_of_notebook, run_all
from tests.support.served_app import Server

TRAINING_S = 120


def wait_for_the_run(page: Page, home: Path) -> Run:
    """Waits until the one run of a home is done, and returns it."""
    store = Store(home / "flowerlab.sqlite3")
    try:
        for _ in range(TRAINING_S):
            runs = store.all()
            if runs and runs[0].state.over:
                assert runs[0].state is RunState.DONE, runs[0].message
                return runs[0]
            page.wait_for_timeout(1000)
    finally:
        store.close()
    raise AssertionError("The run did not end.")


@pytest.mark.browser
def test_upload_a_photo_take_the_notebook_home_and_run_it(server: Server, page: Page, tmp_path: Path) -> None:
    """Train, classify an own photo, see where the network looks in it, download the notebook, run it: it tests the same photos."""
    page.goto(f"{server.address}/train?architecture=handmade&image_size=72&epochs=1&head=4")
    page.locator(".st-key-start button").click()
    run = wait_for_the_run(page, tmp_path / "home")
    page.goto(f"{server.address}/classify?runs={run.id}")
    upload(page, mine=pictures.draw_original(1_000_003).data)
    expect(page.get_by_test_id("stMain").get_by_role("heading", name=re.compile(r", \d+ %")).first).to_be_visible()
    # Where it looks, on the photo itself.
    page.locator(".st-key-classify-looks label").first.click()
    expect(page.get_by_alt_text(re.compile(r"^Where .+ looks in the photo mine\.jpg\. "))).to_be_visible()
    page.goto(f"{server.address}/train?run={run.id}")
    page.locator(".st-key-take-home summary").click()
    with page.expect_download() as told:
        page.locator(".st-key-take-notebook button").click()
    assert told.value.suggested_filename == f"hand-made-1-{run.id[:4]}.zip"
    told.value.save_as(tmp_path / "notebook.zip")
    with zipfile.ZipFile(tmp_path / "notebook.zip") as archive:
        archive.extractall(tmp_path / "notebook")
    ((_accuracy, photos),) = run_all([code_of_notebook(next((tmp_path / "notebook").glob("*.ipynb")))])
    assert run.result is not None
    assert photos == run.result.test_photos
    assert page.get_by_test_id("stException").count() == 0
