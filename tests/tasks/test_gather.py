"""Gathering a data set in a process of its own: seen through, cancelled, and ended by nobody."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from flowerlab.datasets.gather import find_originals
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.tasks import TaskRunner
from flowerlab.tasks.gather import gather_dataset
from tests.support.waiting import until


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    """A runner of tasks."""
    made = TaskRunner()
    yield made
    made.close()


@pytest.fixture
def large(settings: Settings) -> Settings:
    """A garden that takes long to draw."""
    return settings.model_copy(update={"garden_pictures": 50_000})


def test_a_gathering_brings_the_photos(runner: TaskRunner, home: Home, settings: Settings) -> None:
    """With its progress; then they are in the lab."""
    task = runner.start(gather_dataset("garden", home, settings))
    assert task.wait(60)
    assert (task.error, task.cancelled, task.step) == ("", False, "Drawing the garden")
    assert find_originals(home, "garden", garden_of(settings)) is not None


def test_a_cancelled_gathering_says_so(runner: TaskRunner, home: Home, large: Settings) -> None:
    """Who ends a gathering is told that it was cancelled, not that it failed; the process is gone, and nothing was kept."""
    work = gather_dataset("garden", home, large)
    task = runner.start(work)
    until(lambda: task.step != "Starting")
    runner.cancel(work)
    assert task.wait(10)
    assert task.cancelled
    assert task.error == "It was cancelled before it was whole; nothing was kept."
    assert gatherers() == []


def test_a_gathering_that_dies_says_how(runner: TaskRunner, home: Home, large: Settings) -> None:
    """Killed by the system, it ended by itself; what a download would have brought is kept."""
    task = runner.start(gather_dataset("garden", home, large))
    until(lambda: task.step != "Starting")
    for process in gatherers():
        os.kill(process.pid, signal.SIGKILL)
    assert task.wait(10)
    assert not task.cancelled
    assert task.error == "It ended by itself (was ended by signal 9) before it was whole; nothing was kept."
    assert "what was downloaded is kept" in gather_dataset("tf_flowers", home, large).cancelled


def gatherers() -> list[psutil.Process]:
    """The processes that gather for this process."""
    return [child for child in psutil.Process().children() if "gather" in child.cmdline()]
