"""Lists of runs of earlier versions: copied, brought up to date, or left as they are."""

from __future__ import annotations

import errno
import hashlib
import json
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flowerlab.errors import StoreDamaged, StoreUnusable
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
SCHEMA_3 = """
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
    place REAL NOT NULL DEFAULT 0,
    written INTEGER NOT NULL DEFAULT 0,
    student TEXT NOT NULL DEFAULT '',
    turn INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0
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
CREATE TABLE students (student TEXT PRIMARY KEY, turn INTEGER NOT NULL);
"""
RELEASED = {1: SCHEMA_1, 2: SCHEMA_2, 3: SCHEMA_3}
IDS = ("0" * 11 + "1", "0" * 11 + "2")


@pytest.fixture(params=sorted(RELEASED))
def version(request: pytest.FixtureRequest, home: Home) -> int:
    """A list of two runs that wait, with an event, of each earlier schema."""
    number: int = request.param
    rows: list[dict[str, Any]] = [{}, {}]
    if number >= 2:
        # The first was trained on: it waits behind the second.
        place = "queued_s" if number == 2 else "place"
        rows = [{"deaths": 1, place: 199.0}, {"deaths": 1, place: 198.0}]
    write_list(home.store, number, rows)
    with closing(sqlite3.connect(home.store)) as connection:
        event = Epoch(run_id=IDS[0], attempt=1, epoch=0, loss=1, accuracy=0.5, val_loss=1, val_accuracy=0.5, seconds=1, time_s=0)
        connection.execute("INSERT INTO events (run_id, attempt, kind, body) VALUES (?, 1, 'epoch', ?)", (IDS[0], to_line(event)))
        connection.commit()
    return number


def write_list(file: Path, number: int, rows: Sequence[dict[str, Any]]) -> None:
    """Writes a list of runs of an earlier schema, each as one that waits but for these columns."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(RELEASED[number])
        for place, columns in enumerate(rows, 1):
            usual = {"name": "run", "recipe": Recipe().model_dump_json(), "fingerprint": "f m", "state": "queued"}
            row = {"id": f"{place:012d}", "number": place, "created_s": 100.0 + place, **usual, **columns}
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", tuple(row.values()))
        connection.execute(f"PRAGMA user_version = {number}")
        connection.commit()


def stored(recipe: Recipe, materials: str, *, patience_from: int = 0) -> dict[str, Any]:
    """A finished run as schema 3 held it: fingerprint of all knobs, patience and materials in one column."""
    digest = hashlib.sha256(json.dumps(recipe.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    beyond = f"-{patience_from}" if patience_from else ""
    return {
        "recipe": recipe.model_dump_json(),
        "fingerprint": f"{digest}{beyond} {materials}",
        "state": "done",
        "patience_from": patience_from,
    }


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


def test_equal_runs_are_found_in_a_list_of_before(home: Home) -> None:
    """In a list whose fingerprints were made in another way, a recipe finds its run, by its materials; each run has the materials that it
    had; and one that was trained on beyond its patience is still another than its recipe's."""
    recipe, mini = Recipe(epochs=7), Recipe.parse({"architecture": "vgg16_mini"})
    write_list(
        home.store,
        3,
        [
            stored(recipe, "garden-1"),
            stored(recipe, "garden-2"),
            stored(mini, "garden-1 vgg16_mini-0123abcd"),
            stored(Recipe(epochs=9), "garden-1", patience_from=5),
            stored(Recipe(seed=1), ""),
        ],
    )
    with closing(Store(home.store)) as store:
        ids = [run.id for run in reversed(store.all())]
        assert [store.materials(run_id) for run_id in ids] == [
            "garden-1",
            "garden-2",
            "garden-1 vgg16_mini-0123abcd",
            "garden-1",
            "",
        ]
        assert [store.get(run_id).patience_from for run_id in ids] == [0, 0, 0, 5, 0]

        def found(recipe: Recipe, materials: str) -> str | None:
            equal = store.equal_to(recipe, materials=materials)
            return equal.id if equal is not None else None

        assert found(recipe, "garden-1") == ids[0]
        assert found(recipe, "garden-2") == ids[1]
        assert found(mini, "garden-1 vgg16_mini-0123abcd") == ids[2]
        assert found(Recipe(seed=1), "") == ids[4]
        for other in ((recipe, "garden-3"), (mini, "garden-1"), (Recipe(epochs=9), "garden-1"), (Recipe(seed=2), "")):
            assert found(*other) is None


def test_a_damaged_run_does_not_stop_the_step(home: Home) -> None:
    """A list of before with recipes that cannot be read is brought up to date; then it is found to be damaged, as any other."""
    write_list(
        home.store, 3, [{"recipe": Recipe().model_dump_json().replace("garden", "moon")}, {"recipe": "{"}, stored(Recipe(), "m")]
    )
    with closing(Store(home.store)) as store:
        assert [store.materials(f"{number:012d}") for number in (1, 2, 3)] == ["m", "m", "m"]
        assert store.equal_to(Recipe(), materials="m") == store.get(f"{3:012d}")
        with pytest.raises(StoreDamaged):
            store.all()


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
