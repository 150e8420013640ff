"""A fresh lab on a computer without a network: what comes with Flowerlab is enough."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from flowerlab.datasets.garden import pictures
from flowerlab.home import Home
from flowerlab.packs.starter import STARTER_ID
from flowerlab.runs.run import RunState
from flowerlab.store import Store
from tests.support.browser import upload
from tests.support.served_app import served

# Nobody listens there: whoever asks for a file from the network is refused at once.
NOWHERE = "http://127.0.0.1:9"
TRAINING_S = 240
ANSWER = re.compile(r", \d+ %|Probably not one of these five")


# Every Python process of the lab imports this at its start: whoever wants to leave the machine is refused and written down.
NO_WAY_OUT = """
import socket

def guarded(kind, name):
    plain = getattr(kind, name)
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            with open({tried!r}, "a") as file:
                print(address, file=file)
            raise OSError(101, "Network is unreachable")
        return plain(self, address)
    setattr(kind, name, connect)

for name in ("connect", "connect_ex"):
    guarded(socket.socket, name)

resolve = socket.getaddrinfo

def getaddrinfo(host, *arguments, **named):
    if host not in (None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0", "::", socket.gethostname()):
        with open({tried!r}, "a") as file:
            print(host, file=file)
        raise socket.gaierror(-3, "Temporary failure in name resolution")
    return resolve(host, *arguments, **named)

socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Nothing leaves the machine, and nothing was ever downloaded; the lab is as it comes, with its starter.

    At the end: nobody even tried.
    """
    guard, tried = tmp_path / "guard", tmp_path / "tried.txt"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(NO_WAY_OUT.format(tried=str(tried)))
    monkeypatch.setenv("PYTHONPATH", str(guard))
    told = subprocess.run([sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 80))"], capture_output=True)
    assert told.returncode
    assert tried.exists()
    tried.unlink()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, NOWHERE)
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setenv("FLOWERLAB_STARTER", "true")
    yield
    assert not tried.exists(), tried.read_text()


@pytest.mark.nightly
@pytest.mark.browser
@pytest.mark.timeout(TRAINING_S + 120)
def test_the_lecture_without_a_network(page: Page, tmp_path: Path) -> None:
    """Home, "Run the lecture", three finished runs on the garden, B and C with VGG16 mini; Compare lays them side by side."""
    with served(tmp_path / "home", garden_pictures=60) as server:
        page.goto(server.address)
        page.locator(".st-key-lecture button").click()
        store = Store(Home(tmp_path / "home").store)
        due_s = time.monotonic() + TRAINING_S
        runs = []
        while time.monotonic() < due_s and not (len(runs) == 3 and all(run.state.over for run in runs)):
            page.wait_for_timeout(500)
            runs = [run for run in store.all() if run.id != STARTER_ID]
        store.close()
        assert {run.state for run in runs} == {RunState.DONE}, [run.message for run in runs]
        assert {run.recipe.dataset for run in runs} == {"garden"}
        assert sorted(run.recipe.architecture for run in runs) == ["handmade", "vgg16_mini", "vgg16_mini"]
        assert {run.recipe.weights for run in runs} == {"none", "flowerlab"}
        page.goto(f"{server.address}/compare?runs={','.join(run.id for run in runs)}")
        expect(page.locator(".st-key-compare-costs-parameters canvas")).to_be_visible()
        assert page.get_by_test_id("stException").count() == 0


@pytest.mark.browser
def test_the_first_photo_is_answered_by_the_starter(page: Page, tmp_path: Path) -> None:
    """In a lab where nobody trained anything, Compare shows the starter, and an uploaded photo is named or turned away."""
    with served(tmp_path / "home", garden_pictures=60) as server:
        page.goto(f"{server.address}/classify")
        upload(page, mine=pictures.draw_original(3).data)
        expect(page.get_by_test_id("stMain").get_by_role("heading", name=ANSWER)).to_be_visible()
        page.get_by_role("link", name="Compare").click()
        expect(page.get_by_text("Starter, comes with Flowerlab").first).to_be_visible()
        expect(page.locator(".st-key-compare-curves canvas")).to_be_visible()
        assert page.get_by_test_id("stException").count() == 0
