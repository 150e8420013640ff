"""A list of runs that another program holds."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.cli.app import main
from flowerlab.engine.local import LocalEngine
from flowerlab.errors import StoreLocked
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Event, from_record
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support import ROOT
from tests.support.stores import DONE, live_in
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long here."""
    monkeypatch.setattr("flowerlab.store.connections.BUSY_S", 0.05)


@contextlib.contextmanager
def held(home: Home) -> Iterator[None]:
    """Holds the list as a program does that shows databases, or copies them."""
    with contextlib.closing(sqlite3.connect(home.store, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


def test_a_lock_is_one_sentence_and_passes(home: Home) -> None:
    """Opening, reading and writing say who may hold the list and what to do; when it is free again, all goes on."""
    ids = live_in(home)
    with held(home):
        with pytest.raises(StoreLocked, match=r"Another program holds the list of runs.*close it or wait for it, and try again"):
            Store(home.store)
        assert main(["runs"]) == 1
    store = Store(home.store)
    store.rename(ids[DONE], "free again")
    with contextlib.closing(sqlite3.connect(home.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="Nothing was changed"):
            store.add(Recipe(seed=9), "run")
        # Who only reads need not wait for who writes.
        assert len(store.all()) == 4
        other.execute("ROLLBACK")
    assert store.add(Recipe(seed=9), "run").number == 6
    store.close()


def test_the_queue_outlives_a_lock(home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that trains while somebody holds the list goes on when it is free; meanwhile the strip has the sentence."""
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.01)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.AGAIN_S", 0.01)
    lab = Lab(settings.model_copy(update={"engine": "fake"}))
    try:
        until(lambda: lab.owns_queue)
        with contextlib.closing(sqlite3.connect(home.store, isolation_level=None)) as other:
            # Not begun before the list is held: the scripted engine's own events do not wait.
            with lab.queue.batch() as batch:
                run = batch.start(Recipe(epochs=1)).run
                until(lambda: _taken(other))
            until(lambda: "Another program holds" in lab.trouble)
            other.execute("ROLLBACK")
        until(lambda: not lab.trouble)
        until(lambda: lab.store.get(run.id).state is RunState.DONE)
    finally:
        lab.close()


def _taken(other: sqlite3.Connection) -> bool:
    try:
        other.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def test_a_run_under_way_waits_for_the_list(home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a trainer says while the list is held is kept and taken afterwards, however long that lasts."""
    monkeypatch.setattr("flowerlab.engine.local.AGAIN_S", 0.001)
    refusals, taken = [StoreLocked("held")] * 20, []

    def sink(event: Event) -> None:
        if refusals:
            raise refusals.pop()
        taken.append(event)

    engine = LocalEngine(sink, home, settings)
    event = from_record({"run_id": "a" * 12, "attempt": 1, "kind": "saved", "epoch": 0})
    engine._hand_on(event)
    engine.close()
    assert taken == [event]


def test_a_page_comes_back_by_itself(home: Home) -> None:
    """While the list is held a page has the sentence and tries again; nothing is a stack trace; then it is as always."""
    live_in(home)
    with held(home):
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30).run()
        assert not app.exception
        assert ["Another program holds the list of runs" in error.value for error in app.error] == [True]
        assert any("tries again" in caption.value for caption in app.caption)
    app.run()
    assert not app.exception
    assert not app.error
    assert app.title[0].value == "Flowerlab"
