"""Fetching what is missing, from the pages."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from flowerlab.tasks.download import download
from flowerlab.ui.base.lab import lab
from tests.support.gathering import gathered_by_nobody
from tests.support.loopback import served_weights
from tests.support.pages import open_page, texts

NAME = "mobilenet_v2"


def wait_until(true: Callable[[], bool]) -> None:
    """Waits some seconds at most."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


def over() -> bool:
    """Whether the download has ended."""
    task = lab().tasks.state(download(NAME, lab().home, lab().settings))
    return task is not None and task.over


def test_home_fetches_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A button with the size begins the download, MB and Cancel stand there while it goes on, and then the table knows."""
    with served_weights(monkeypatch, NAME, 3_000_000) as manners:
        manners.pause_s = 0.05
        app = open_page("home")
        assert not app.exception
        assert app.button(key="fetch-home-vgg16").label == "Fetch VGG16 (59 MB)"
        assert app.button(key="fetch-home-tf_flowers").label == "Fetch tf_flowers (229 MB)"
        app.button(key=f"fetch-home-{NAME}").click().run()
        assert app.button(key=f"fetch-cancel-home-{NAME}").label == "Cancel"
        manners.pause_s = 0.0
        wait_until(over)
        app.run()
    assert not app.exception
    assert "| 🧠 MobileNetV2 | at hand ✓ |" in texts(app)
    keys = {button.key for button in app.button}
    assert f"fetch-home-{NAME}" not in keys
    assert f"fetch-cancel-home-{NAME}" not in keys


def test_cancelling_keeps_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancel ends the download at once, says that nothing is lost, and the button is there again."""
    with served_weights(monkeypatch, NAME) as manners:
        manners.pause_s, manners.piece = 0.2, 1000
        app = open_page("home")
        app.button(key=f"fetch-home-{NAME}").click().run()
        app.button(key=f"fetch-cancel-home-{NAME}").click().run()
        wait_until(over)
        app.run()
    assert "the next try goes on from there" in app.info[-1].value
    assert app.button(key=f"fetch-home-{NAME}").label.startswith("Fetch MobileNetV2")
    assert not app.error


def test_a_failure_is_one_sentence_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why a download failed stands there as a sentence, on Train too, and the button tries again."""
    with served_weights(monkeypatch, NAME) as manners:
        manners.status = 503
        app = open_page("train", state={"train-architecture": NAME, f"train-weights-{NAME}": "imagenet"})
        app.button(key=f"fetch-train-{NAME}").click().run()
        wait_until(over)
        app.run()
        assert "could not be downloaded because the server answered 503" in app.error[0].value
        manners.status = 200
        app.button(key=f"fetch-train-{NAME}").click().run()
        wait_until(lambda: over() and lab().data.has(NAME))
        app.run()
    assert not app.exception
    assert not app.error


def test_photos_are_fetched_by_gathering_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The button of tf_flowers begins its gathering, whose MB are shown as such."""
    asked_for = gathered_by_nobody(monkeypatch, step="Downloading tf_flowers (MB)", done=12, total=229)
    app = open_page("home")
    app.button(key="fetch-home-tf_flowers").click().run()
    assert [bar.proto.text for bar in app.get("progress")] == ["Downloading tf_flowers: 12 of 229 MB"]
    assert app.button(key="fetch-cancel-home-tf_flowers").label == "Cancel"
    assert asked_for == ["tf_flowers"]
