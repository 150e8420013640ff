"""Fetching in the background: one download a file, cancelled, closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from flowerlab.datasets.catalog import DATASETS
from flowerlab.errors import BadInput
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.tasks.download import Fetcher, fetchable, megabytes_of
from flowerlab.tasks.gather import Gatherer
from tests.support.loopback import served_weights

NAME = "mobilenet_v2"


@pytest.fixture
def fetcher(home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetcher]:
    """A fetcher with nothing at hand."""
    monkeypatch.setenv("KERAS_HOME", str(home.root / "keras"))
    gatherer = Gatherer(home, settings)
    made = Fetcher(gatherer)
    yield made
    made.close()
    gatherer.close()


def wait_until(true: Callable[[], bool]) -> None:
    """Waits some seconds at most."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_pressing_twice_fetches_once(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty viewers press the same button: there is one download, and when it ends the file is at hand."""
    with served_weights(monkeypatch, NAME) as manners:
        manners.pause_s = 0.05
        first = fetcher.start(NAME)
        assert fetcher.start(NAME) is first
        wait_until(lambda: first.over)
        assert len(manners.asked) == 1
    assert not first.error
    assert fetcher.state(NAME) is first


def test_closing_the_lab_ends_a_download(fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread of a download under way leaves when the lab is closed, though the server says nothing."""
    with served_weights(monkeypatch, NAME) as manners:
        manners.pause_s = 30.0
        state = fetcher.start(NAME)
        wait_until(lambda: bool(manners.asked))
        fetcher.close()
        assert state.over
        assert f"fetch-{NAME}" not in {thread.name for thread in threading.enumerate()}


def test_what_cannot_be_fetched_is_refused(fetcher: Fetcher) -> None:
    """The garden is drawn, and a typing error is no download: the sentence lists what there is."""
    assert fetchable()[:2] == ("tf_flowers", "vgg16")
    for name in ("garden", "VGG"):
        with pytest.raises(BadInput, match=r"one of tf_flowers, vgg16, .*Received"):
            fetcher.start(name)


def test_sizes_are_those_of_the_files() -> None:
    """What the buttons say is the size of what is downloaded, in MB of 10⁶ bytes."""
    assert {name: round(megabytes_of(name)) for name in fetchable()} == {
        "tf_flowers": 229,
        "vgg16": 59,
        "mobilenet_v2": 9,
        "mobilenet_v2_035": 2,
        "resnet50": 95,
        "efficientnet_v2_b0": 24,
    }
    assert DATASETS["garden"].download_mb == 0


def test_a_cancelled_gathering_says_so(home: Home, settings: Settings) -> None:
    """Who ends a gathering is told that it was cancelled, not that it failed."""
    gatherer = Gatherer(home, settings.model_copy(update={"garden_pictures": 50_000}))
    state = gatherer.start("garden")
    wait_until(lambda: state.step != "Starting")
    gatherer.cancel("garden")
    wait_until(lambda: state.over)
    assert state.cancelled
    assert state.error == "It was cancelled before it was whole; nothing was kept."
    gatherer.close()
