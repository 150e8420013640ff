"""Bars on a terminal."""

from __future__ import annotations

import re
from typing import Any

import pytest

from flowerlab.cli.bars import Bars, StepBars, TaskBar
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.history import History
from flowerlab.store import Store
from flowerlab.tasks import Task
from tests.support.stores import train


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """Has standard error be a terminal for bars, and gives what was drawn there, without colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    return lambda: re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", capfd.readouterr().err)


def test_each_step_has_a_bar_of_its_own(drawn: Any) -> None:
    """With its share once its end is known; nothing is drawn on standard output."""
    with StepBars() as bars:
        bars.show("Packing", 1, 4)
        bars.show("Checking", 3, 0)
    last = drawn().splitlines()[-2:]
    assert re.search(r"Packing +.* 25%", last[0])
    assert "Checking" in last[1]


def test_a_task_has_one_bar_whose_step_changes(drawn: Any) -> None:
    """The newest step stands there, with how much is done."""
    with TaskBar() as bar:
        for step, done in (("Asking", 0), ("Fetching (MB)", 1200)):
            bar.show(Task(step=step, done=done, total=2500))
    text = drawn().splitlines()
    assert re.search(r"Fetching \(MB\) .* 1,200 of 2,500", text[-1])
    assert "Asking" not in text[-1]


def test_each_run_has_a_bar(home: Any, drawn: Any) -> None:
    """A run that trains says its epoch, one that waits how many go before it."""
    store = Store(home.store)
    runs = [store.add(Recipe(epochs=4), name) for name in ("first", "second")]
    train(store, runs[0].id, epochs=1)
    with Bars() as bars:
        bars.show(store.get(runs[0].id), store.history(runs[0].id), 0)
        bars.show(store.get(runs[1].id), History(), 1)
    store.close()
    last = drawn().splitlines()[-2:]
    assert re.search(r"first +.* epoch 2 of 2, validation accuracy 50\.0 %", last[0])
    assert re.search(r"second +.* waits, 1 run goes before it", last[1])
