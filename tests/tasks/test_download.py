"""Fetching in the background: one download a file, cancelled, closed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from flowerlab.datasets.catalog import DATASETS
from flowerlab.errors import BadInput
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.tasks import TaskRunner
from flowerlab.tasks.download import download, fetchable, megabytes_of
from flowerlab.tasks.gather import gather_dataset
from tests.support.loopback import served_weights
from tests.support.waiting import until

NAME = "mobilenet_v2"


@pytest.fixture
def runner(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[TaskRunner]:
    """A runner of tasks where nothing is here."""
    monkeypatch.setenv("KERAS_HOME", str(home.root / "keras"))
    made = TaskRunner()
    yield made
    made.close()


def test_pressing_twice_fetches_once(runner: TaskRunner, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty viewers press the same button: there is one download, and when it ends the file is at hand."""
    with served_weights(monkeypatch, NAME) as manners:
        manners.pause_s = 0.05
        first = runner.start(download(NAME, home, settings))
        assert runner.start(download(NAME, home, settings)) is first
        assert first.wait(10)
        assert len(manners.asked) == 1
    assert not first.error
    assert runner.state(download(NAME, home, settings)) is first


def test_closing_the_lab_ends_a_download(
    runner: TaskRunner, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread of a download under way leaves when the lab is closed, though the server says nothing."""
    with served_weights(monkeypatch, NAME) as manners:
        manners.pause_s = 30.0
        task = runner.start(download(NAME, home, settings))
        until(lambda: bool(manners.asked))
        runner.close()
        assert task.over
        until(lambda: not any(NAME in thread.name for thread in threading.enumerate()))


def test_what_cannot_be_fetched_is_refused(home: Home, settings: Settings) -> None:
    """The garden is drawn, and a typing error is no download: the sentence lists what there is."""
    assert {"tf_flowers", "vgg16"} <= set(fetchable())
    for name in ("garden", "VGG"):
        with pytest.raises(BadInput, match=rf"one of {', '.join(fetchable())}\. Received"):
            download(name, home, settings)


def test_photos_are_fetched_by_gathering_them(home: Home, settings: Settings) -> None:
    """Fetched on Home and brought in on Data it is one task: one download for both."""
    assert download("tf_flowers", home, settings).key == gather_dataset("tf_flowers", home, settings).key


def test_sizes_are_those_of_the_files() -> None:
    """What the buttons say is the size of what is downloaded, in MB of 10⁶ bytes."""
    assert {name: round(megabytes_of(name)) for name in fetchable() if name not in DATASETS or name == "tf_flowers"} == {
        "tf_flowers": 229,
        "vgg16": 59,
        "mobilenet_v2": 9,
        "mobilenet_v2_035": 2,
        "resnet50": 95,
        "efficientnet_v2_b0": 24,
    }
    assert DATASETS["garden"].source.download_mb == 0
