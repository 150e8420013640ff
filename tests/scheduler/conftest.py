"""What tests of the scheduler share: labs with a scripted engine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowerlab.engine import Sink
from flowerlab.engine.fake import FakeEngine
from flowerlab.lab import Lab
from flowerlab.settings import Settings
from tests.support.scheduling import LONG, Kept, OpenLab, owner_of
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted runs and the owner's looks without long pauses."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.002)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.01)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.AGAIN_S", 0.02)


@pytest.fixture
def open_lab(settings: Settings) -> Iterator[OpenLab]:
    """Opens labs on one home, as several processes would, and closes them at the end."""
    labs: list[Lab] = []

    def opened() -> Lab:
        lab = Lab(settings.model_copy(update={"engine": "fake"}))
        labs.append(lab)
        return lab

    yield opened
    for lab in labs:
        lab.close()


@pytest.fixture
def kept(open_lab: OpenLab, monkeypatch: pytest.MonkeyPatch) -> tuple[Lab, Kept]:
    """A lab whose engine does what the test says, with a run that trains."""
    made: list[Kept] = []

    def make(lab: Lab, sink: Sink) -> Kept:
        made.append(Kept(sink))
        return made[0]

    monkeypatch.setattr(Lab, "_make_engine", make)
    lab = owner_of(open_lab())
    lab.queue.start(LONG)
    until(lambda: len(made[0].jobs) == 1)
    made[0].say("attempt", pid=1, warm=True)
    return lab, made[0]
