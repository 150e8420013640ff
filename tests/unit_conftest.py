"""What several unit tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowerlab.engine.fake import FakeEngine
from flowerlab.lab import Lab
from flowerlab.settings import Settings


@pytest.fixture
def lab(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab with quick scripted runs."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.001)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.02)
    opened = Lab(settings.model_copy(update={"engine": "fake"}))
    yield opened
    opened.close()


@pytest.fixture
def idle_lab(settings: Settings) -> Iterator[Lab]:
    """A lab that trains nothing by itself, so that runs can be put into its store as if they had been trained."""
    opened = Lab(settings.model_copy(update={"engine": "fake"}), run_queue=False)
    yield opened
    opened.close()
