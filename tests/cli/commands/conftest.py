"""What tests of commands share: a scripted engine, and a call."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowerlab.cli import main
from flowerlab.engine.fake import FakeEngine
from tests.support.command_line import Call, Outcome


@pytest.fixture(autouse=True)
def _scripted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Scripted runs without long pauses, and nothing at hand."""
    monkeypatch.setenv("FLOWERLAB_ENGINE", "fake")
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", "60")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.005)
    monkeypatch.setattr("flowerlab.cli.watch.LOOK_S", 0.02)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.02)


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Runs a command in this process, which heeds Ctrl-C as one in a terminal does."""

    def run(*arguments: str | Path) -> Outcome:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    # Tests that a shell started in the background were born deaf to it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield run
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two classes of ten photos each."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "pictures" / "leaves"
    for label in ("elm", "oak"):
        (folder / label).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.jpg")
    return folder
