"""Lists of runs of earlier versions: copied, brought up to date, or left as they are."""

from __future__ import annotations

import errno
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flowerlab.errors import StoreUnusable
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Epoch, to_line
from flowerlab.store import Store, check_store
from flowerlab.store.schema import MIGRATIONS, SCHEMA_VERSION, backup_of

# What released versions wrote, word for word: never changed.
SCHEMA_1 = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    recipe TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    created_s REAL NOT NULL,
    started_s REAL,
    ended_s REAL,
    message TEXT NOT NULL DEFAULT '',
    stop_requests INTEGER NOT NULL DEFAULT 0,
    result TEXT
);
CREATE INDEX runs_by_fingerprint ON runs (fingerprint);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (run_id, seq);
"""
SCHEMA_2 = """
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    name TEXT NOT NULL,
    recipe TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    created_s REAL NOT NULL,
    started_s REAL,
    ended_s REAL,
    message TEXT NOT NULL DEFAULT '',
    stop_requests INTEGER NOT NULL DEFAULT 0,
    result TEXT,
    deaths INTEGER NOT NULL DEFAULT 0,
    patience_from INTEGER NOT NULL DEFAULT 0,
    queued_s REAL NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_fingerprint ON runs (fingerprint);
CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (run_id, seq);
"""
RELEASED = {1: SCHEMA_1, 2: SCHEMA_2}
IDS = ("0" * 11 + "1", "0" * 11 + "2")


@pytest.fixture(params=sorted(RELEASED))
def version(request: pytest.FixtureRequest, home: Home) -> int:
    """A list of two runs that wait, with an event, of each earlier schema."""
    number: int = request.param
    with closing(sqlite3.connect(home.store)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(RELEASED[number])
        for place, run_id in enumerate(IDS, 1):
            row: dict[str, Any] = {
                "id": run_id,
                "number": place,
                "name": "run",
                "recipe": Recipe().model_dump_json(),
                "fingerprint": "f m",
                "state": "queued",
                "created_s": 100.0 + place,
            }
            if number >= 2:
                # The first was trained on: it waits behind the second.
                row |= {"deaths": 1, "queued_s": 200.0 - place}
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", tuple(row.values()))
        event = Epoch(run_id=IDS[0], attempt=1, epoch=0, loss=1, accuracy=0.5, val_loss=1, val_accuracy=0.5, seconds=1, time_s=0)
        connection.execute("INSERT INTO events (run_id, attempt, kind, body) VALUES (?, 1, 'epoch', ?)", (IDS[0], to_line(event)))
        connection.execute(f"PRAGMA user_version = {number}")
        connection.commit()
    return number


def content(file: Path) -> list[str]:
    """All that a database holds, as SQL."""
    with closing(sqlite3.connect(file)) as connection:
        return [*connection.iterdump(), str(connection.execute("PRAGMA user_version").fetchone())]


def tables(file: Path) -> list[Any]:
    """The columns of a database's tables, and its indexes."""
    with closing(sqlite3.connect(file)) as connection:
        columns = [connection.execute(f"PRAGMA table_info({table})").fetchall() for table in ("runs", "events")]
        return [columns, connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index'").fetchall()]


def test_every_earlier_schema_is_tried() -> None:
    """There is a text of each schema that was ever released, and steps from each to the next."""
    assert sorted(RELEASED) == list(range(1, SCHEMA_VERSION))
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION + 1))


def test_a_list_of_runs_of_before_is_brought_up_to_date(home: Home, version: int, tmp_path: Path) -> None:
    """From each earlier schema a file opens with all its runs, events and its queue, by four at once, and is what a new one is."""
    check_store(home.store)
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(Store, [home.store] * 4))
    assert [run.id for run in stores[0].queued()] == list(IDS if version == 1 else reversed(IDS))
    assert [run.deaths for run in stores[1].all()] == [int(version >= 2)] * 2
    assert [event.kind for _, event in stores[2].events(IDS[0])] == ["epoch"]
    later = stores[3].add(Recipe(seed=1), "later")
    assert stores[0].queued()[-1] == later
    assert later.number == 3
    for store in stores:
        store.close()
    Store(tmp_path / "new.sqlite3").close()
    assert tables(home.store) == tables(tmp_path / "new.sqlite3")


def test_it_is_copied_before(home: Home, version: int) -> None:
    """Beside the list lies a copy of what it was, whole, in one file, which opens again; nothing half-written is left."""
    before = content(home.store)
    Store(home.store).close()
    copy = backup_of(home.store, version)
    assert copy.name == f"flowerlab.sqlite3.schema-{version}.bak"
    assert content(copy) == before
    assert sorted(path.name for path in home.root.glob("*.sqlite3*")) == [home.store.name, copy.name]
    assert list(home.root.glob(".*.part")) == []
    copy.replace(home.store)
    again = Store(home.store)
    assert {run.id for run in again.all()} == set(IDS)
    again.close()


def test_a_step_that_fails_changes_nothing(home: Home, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a step breaks off in the middle, the list is as it was, one sentence says so, and the next start succeeds."""
    before = content(home.store)
    with monkeypatch.context() as broken:
        broken.setitem(MIGRATIONS, SCHEMA_VERSION, MIGRATIONS[SCHEMA_VERSION] + "DROP TABLE none_such;")
        with pytest.raises(StoreUnusable, match="none_such"):
            Store(home.store)
    assert content(home.store) == before
    store = Store(home.store)
    assert len(store.all()) == 2
    store.close()


def test_without_a_copy_nothing_is_changed(home: Home, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that has no room for the copy the list stays as it is, and one sentence says what to do."""
    before = content(home.store)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreUnusable, match=r"No space left on device\. Free some space .* Nothing was changed"):
        Store(home.store)
    assert content(home.store) == before
    assert list(home.root.glob("*.bak")) == list(home.root.glob(".*.part")) == []
