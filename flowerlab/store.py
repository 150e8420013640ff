"""The store: runs, attempts, events, results, in one SQLite file (WAL). The only file with SQL.

The state of a run is read here and nowhere else. One connection a thread, short transactions.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowerlab.errors import BadInput, StoreUnusable, UnknownRun, shown
from flowerlab.events import End, Event, Result, from_line, to_line
from flowerlab.recipe import RUN_ID, Recipe
from flowerlab.run import Run, RunRecord, RunState, check_name, state_after

BUSY_S = 30.0
# Told the runs that wait, may refuse one more by raising.
Admit = Callable[[list[Run]], None]

SCHEMA = """
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
    queued_s REAL NOT NULL DEFAULT 0,
    student TEXT NOT NULL DEFAULT '',
    turn INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE students (student TEXT PRIMARY KEY, turn INTEGER NOT NULL);
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
# From the version before to each of these; a new file gets `SCHEMA` as it is.
UPGRADES = {
    2: """
ALTER TABLE runs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN patience_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN queued_s REAL NOT NULL DEFAULT 0;
UPDATE runs SET queued_s = created_s;
""",
    3: """
ALTER TABLE runs ADD COLUMN student TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
CREATE TABLE students (student TEXT PRIMARY KEY, turn INTEGER NOT NULL);
""",
}
SCHEMA_VERSION = max(UPGRADES)
# States in which a trainer has a run, as SQL writes them.
LIVE = ", ".join(f"'{state}'" for state in RunState if state.live)


class _Connection(sqlite3.Connection):
    """A connection whose errors are sentences: the disk is full, the file is damaged, another program holds it."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        with _explained():
            return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        with _explained():
            return super().executemany(*arguments)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise _unusable(str(error)) from error


def _unusable(what: str) -> StoreUnusable:
    return StoreUnusable(
        f"The list of runs, flowerlab.sqlite3 in FLOWERLAB_HOME, cannot be used. Received: {what}. See that the disk has room "
        "and can be written, and that no other program holds the file; a damaged or foreign one can be moved away: the lab "
        "then begins a new list."
    )


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turns write-ahead logging on, if the file is ours. SQLite itself does not wait where another process is doing the same."""
    due_s = time.monotonic() + BUSY_S
    while True:
        try:
            # A newer Flowerlab's file is left as it is.
            _check_version(connection.execute("PRAGMA user_version").fetchone()[0])
            connection.execute("PRAGMA journal_mode = WAL")
        except StoreUnusable as error:
            busy = getattr(error.__cause__, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > due_s:
                raise
            time.sleep(0.01)
        else:
            return


def check_store(path: Path) -> None:
    """Looks whether a file of runs can be read and written, without changing it.

    Args:
        path: The SQLite file; one that is not there is no fault.

    Raises:
        StoreUnusable: If it is damaged, foreign, of a newer Flowerlab, or may not be written.
    """
    if not path.exists():
        return
    if not os.access(path, os.W_OK):
        raise _unusable("a file that may not be written by you")
    with _explained():
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0, factory=_Connection)
    try:
        _check_version(connection.execute("PRAGMA user_version").fetchone()[0])
        connection.execute("SELECT count(*) FROM runs").fetchone()
    finally:
        connection.close()


def _check_version(version: int) -> None:
    if version > SCHEMA_VERSION:
        raise _unusable(f"a file of a newer Flowerlab (schema {version}; this one knows {SCHEMA_VERSION})")


class Store:
    """The runs of one home.

    Args:
        path: The SQLite file; made if it is not there.

    Raises:
        StoreUnusable: Here and from every method, if the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._guard = threading.Lock()
        with self._transaction() as db:
            # Two processes may open a home at once: the one that comes second finds the tables.
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version < SCHEMA_VERSION:
                steps = [SCHEMA] if version == 0 else [text for number, text in UPGRADES.items() if number > version]
                for statement in ";".join(steps).split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # Closed by `close` from another thread, which sqlite3 forbids unless told otherwise.
            with _explained():
                connection = sqlite3.connect(
                    self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, factory=_Connection
                )
            connection.row_factory = sqlite3.Row
            try:
                _write_ahead(connection)
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA foreign_keys = ON")
            except StoreUnusable:
                connection.close()
                raise
            self._local.connection = connection
            with self._guard:
                # A web page is drawn by another thread each time; what their connections hold open must not add up.
                for thread in [thread for thread in self._connections if not thread.is_alive()]:
                    self._connections.pop(thread).close()
                self._connections[threading.current_thread()] = connection
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            # A full disk has undone it already.
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._guard:
            for connection in self._connections.values():
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    # Writing

    def add(
        self, recipe: Recipe, name: str, *, materials: str = "", student: str = "", admit: Admit = lambda waiting: None
    ) -> Run:
        """Adds a queued run.

        Args:
            recipe: What to train.
            name: For people; `{number}` in it is replaced by the run's number.
            materials: What tells the photos and weights that the recipe names from others of the same name.
            student: Who asks for it; see `flowerlab.turns`.
            admit: Called with the runs that wait; may raise, and then nothing is added.

        Raises:
            BadName: If the name cannot be borne.
        """
        with self._transaction() as db:
            admit(self.queued())
            return self._insert(db, recipe, name, materials, student)

    def add_unless_equal(
        self, recipe: Recipe, name: str, *, materials: str = "", student: str = "", admit: Admit = lambda waiting: None
    ) -> tuple[Run, bool]:
        """Adds a queued run as `add` does, unless `equal_to` finds one: of two who ask at once, one finds the other's.

        Returns:
            The run, and whether it was there already.

        Raises:
            BadName: If the name cannot be borne.
        """
        with self._transaction() as db:
            if (equal := self.equal_to(recipe, materials=materials)) is not None:
                return equal, True
            admit(self.queued())
            return self._insert(db, recipe, name, materials, student), False

    def _insert(self, db: sqlite3.Connection, recipe: Recipe, name: str, materials: str, student: str = "") -> Run:
        run_id = uuid.uuid4().hex[:12]
        number = db.execute("SELECT coalesce(max(number), 0) + 1 FROM runs").fetchone()[0]
        now_s = time.time()
        db.execute(
            "INSERT INTO runs (id, number, name, recipe, fingerprint, state, created_s, queued_s, student) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id,
                number,
                check_name(name.replace("{number}", str(number))),
                recipe.model_dump_json(),
                _fingerprint(recipe, materials),
                RunState.QUEUED,
                now_s,
                now_s,
                student,
            ),
        )
        return self.get(run_id)

    def rename(self, run_id: str, name: str) -> None:
        """Gives a run another name.

        Raises:
            UnknownRun: If there is no such run.
            BadName: If the name cannot be borne.
        """
        checked = check_name(name)
        with self._transaction() as db:
            db.execute("UPDATE runs SET name = ? WHERE id = ?", (checked, self.get(run_id).id))

    def mark_kept(self, run_id: str, *, kept: bool) -> None:
        """Marks a run as one that no cleaning rule touches, or takes the mark away."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET kept = ? WHERE id = ?", (int(kept), self.get(run_id).id))

    def withdraw(self, run_ids: Sequence[str]) -> None:
        """Takes back runs that were added and have not begun; others stay."""
        with self._transaction() as db:
            db.executemany(
                "DELETE FROM runs WHERE id = ? AND state = 'queued' AND attempt = 0", [(one,) for one in run_ids]
            )

    def delete(self, run_id: str) -> None:
        """Removes a run that no trainer has, and its events.

        Raises:
            UnknownRun: If there is no such run.
            BadInput: If it is under way, or another run starts from it that waits or is under way.
        """
        with self._transaction() as db:
            run = self.get(run_id)
            if run.state.live:
                raise BadInput(f"{run.name!r} is still {run.state}. Stop it first, then delete it.")
            for other in (*self.live(), *self.queued()):
                if other.recipe.start_from == run_id:
                    what = "waits to start" if other.state is RunState.QUEUED else "is under way and starts"
                    raise BadInput(
                        f"{other.name!r} {what} from {run.name!r}. Stop that run first, then delete this one."
                    )
            db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def request_stop(self, run_id: str) -> RunState:
        """Notes that somebody wants the run to stop, and returns its state afterwards.

        A queued run is stopped at once, unless an attempt has left something behind that can become a model: then it is
        `stopping`, as a live one, until that is saved. While a run is being tested, the wish means "skip the test". A run that is
        over stays as it is.
        """
        run = self.get(run_id)
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET state = 'stopped', ended_s = ?, message = CASE WHEN result IS NULL THEN "
                "'Stopped before it began.' ELSE 'Stopped before it went on: its model is the one of before.' END "
                "WHERE id = ? AND state = 'queued' AND (attempt = 0 OR result IS NOT NULL)",
                (time.time(), run_id),
            )
            db.execute(
                "UPDATE runs SET stop_requests = stop_requests + 1, "
                "state = CASE WHEN state = 'evaluating' THEN state ELSE 'stopping' END "
                f"WHERE id = ? AND state IN ('queued', {LIVE})",
                (run_id,),
            )
        return self.get(run.id).state

    def begin_attempt(self, run_id: str) -> int:
        """Gives the run's next attempt its number; events of earlier attempts are refused from now on.

        If the run waited for its turn, that is now: its student's next one comes after one of everybody else who waits.
        """
        with self._transaction() as db:
            waits = db.execute(
                "SELECT student FROM runs WHERE id = ? AND state = 'queued' AND turn = 0", (run_id,)
            ).fetchone()
            if waits is not None:
                turn = db.execute("SELECT coalesce(max(turn), 0) + 1 FROM students").fetchone()[0]
                db.execute("UPDATE runs SET turn = ? WHERE id = ?", (turn, run_id))
                db.execute("INSERT OR REPLACE INTO students (student, turn) VALUES (?, ?)", (waits["student"], turn))
            db.execute(
                "UPDATE runs SET attempt = attempt + 1, started_s = coalesce(started_s, ?), "
                "state = CASE state WHEN 'stopping' THEN state ELSE 'preparing' END WHERE id = ?",
                (time.time(), run_id),
            )
        return self.get(run_id).attempt

    def append(self, event: Event) -> bool:
        """Takes an event and moves the run's state; returns False if no trainer has the run, or another attempt has it.

        A run that was trained on keeps its result until there is a new one.
        """
        with self._transaction() as db:
            row = db.execute("SELECT attempt, state FROM runs WHERE id = ?", (event.run_id,)).fetchone()
            if row is None or row["attempt"] != event.attempt or not RunState(row["state"]).live:
                return False
            db.execute(
                "INSERT INTO events (run_id, attempt, kind, body) VALUES (?, ?, ?, ?)",
                (event.run_id, event.attempt, event.kind, to_line(event)),
            )
            if isinstance(event, End):
                db.execute(
                    "UPDATE runs SET state = ?, ended_s = ?, message = ?, result = coalesce(?, result), turn = 0 WHERE id = ?",
                    (
                        event.state,
                        event.time_s,
                        event.message,
                        event.result.model_dump_json() if event.result else None,
                        event.run_id,
                    ),
                )
            else:
                state = state_after(event, RunState(row["state"]))
                db.execute("UPDATE runs SET state = ? WHERE id = ?", (state, event.run_id))
        return True

    def requeue(self, run_id: str, message: str, *, died: bool) -> None:
        """Has a live run wait for another attempt, because the trainer that had it is gone.

        One that somebody has asked to stop is `stopping` until that attempt has saved what is there.

        Args:
            run_id: Of the run.
            message: What happened, as a sentence.
            died: Whether that counts as a death of its trainer.
        """
        with self._transaction() as db:
            db.execute(
                "UPDATE runs SET state = CASE WHEN stop_requests > 0 THEN 'stopping' ELSE 'queued' END, message = ?, "
                f"deaths = deaths + ? WHERE id = ? AND state IN ({LIVE})",
                (message, int(died), run_id),
            )

    def go_on(
        self,
        run_id: str,
        recipe: Recipe,
        *,
        patience_from: int = 0,
        student: str = "",
        admit: Admit = lambda waiting: None,
    ) -> bool:
        """Queues a run that is over once more, behind those that wait; returns False if it was not over.

        It keeps its result until there is a new one.

        Args:
            run_id: Of the run.
            recipe: Its own, perhaps with more epochs.
            patience_from: Whole epochs from which patience counts; see `Run`.
            student: Who asks for it.
            admit: As for `add`.
        """
        with self._transaction() as db:
            if self.get(run_id).state.over:
                admit(self.queued())
            materials = self.materials(run_id)
            changed = db.execute(
                "UPDATE runs SET state = 'queued', recipe = ?, fingerprint = ?, patience_from = ?, message = '', "
                "stop_requests = 0, deaths = 0, ended_s = NULL, queued_s = ?, student = ?, turn = 0 "
                f"WHERE id = ? AND state NOT IN ('queued', {LIVE})",
                (
                    recipe.model_dump_json(), _fingerprint(recipe, materials, patience_from), patience_from, time.time(), student,
                    run_id,
                ),
            )  # fmt: skip
        return changed.rowcount > 0

    def adopt(self, records: Sequence[RunRecord], *, keep_numbers: bool = False) -> list[str]:
        """Takes in runs that ended elsewhere, all or none, and returns the ids of those that were not here yet.

        They keep their ids and get the next numbers; a run whose id is here stays as it is.

        Args:
            records: Runs that are over.
            keep_numbers: Whether they keep those that are not taken: they were here before.
        """
        with self._transaction() as db:
            taken = []
            for record in sorted(records, key=lambda record: record.run.number):
                run = record.run
                if db.execute("SELECT 1 FROM runs WHERE id = ?", (run.id,)).fetchone() is not None:
                    continue
                added = self._insert(db, run.recipe, "adopted", record.materials, run.student)
                free = db.execute("SELECT 1 FROM runs WHERE number = ?", (run.number,)).fetchone() is None
                db.execute(
                    "UPDATE runs SET id = ?, name = ?, state = ?, attempt = ?, created_s = ?, started_s = ?, ended_s = ?, "
                    "message = ?, stop_requests = ?, result = ?, deaths = ?, patience_from = ?, kept = ?, fingerprint = ?, number = ? "
                    "WHERE id = ?",
                    (
                        run.id, check_name(run.name), run.state, run.attempt, run.created_s, run.started_s, run.ended_s, run.message,
                        run.stop_requests, run.result.model_dump_json() if run.result else None, run.deaths, run.patience_from,
                        int(run.kept), _fingerprint(run.recipe, record.materials, run.patience_from),
                        run.number if keep_numbers and free else added.number, added.id,
                    ),
                )  # fmt: skip
                db.executemany(
                    "INSERT INTO events (run_id, attempt, kind, body) VALUES (?, ?, ?, ?)",
                    [(run.id, event.attempt, event.kind, to_line(event)) for event in record.events],
                )
                taken.append(run.id)
        return taken

    # Reading

    def record(self, run_id: str) -> RunRecord:
        """Returns a run with all that the store knows of it.

        Raises:
            UnknownRun: If there is no such run.
        """
        run = self.get(run_id)
        row = self._connection().execute("SELECT fingerprint FROM runs WHERE id = ?", (run_id,)).fetchone()
        return RunRecord(run, _materials(row), tuple(event for _, event in self.events(run_id)))

    def get(self, run_id: str) -> Run:
        """Returns one run.

        Raises:
            UnknownRun: If there is no such run; also for text that is no id at all.
        """
        row = None
        if RUN_ID.fullmatch(run_id):
            row = self._connection().execute("SELECT * FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise UnknownRun(_unknown(run_id))
        return _run(row)

    def source(self, run_id: str) -> tuple[Recipe, str] | None:
        """Returns a run's recipe and its materials, see `flowerlab.origins`; None if there is no such run."""
        try:
            return self.get(run_id).recipe, self.materials(run_id)
        except UnknownRun:
            return None

    def materials(self, run_id: str) -> str:
        """Returns what told the photos and weights that a run's recipe names from others of the same name; see `add`.

        Raises:
            UnknownRun: If there is no such run.
        """
        row = None
        if RUN_ID.fullmatch(run_id):
            row = self._connection().execute("SELECT fingerprint FROM runs WHERE id = ?", (run_id,)).fetchone()
        if row is None:
            raise UnknownRun(_unknown(run_id))
        return _materials(row)

    def all(self) -> list[Run]:
        """Returns every run, newest first."""
        return [_run(row) for row in self._connection().execute("SELECT * FROM runs ORDER BY number DESC")]

    def turns(self) -> dict[str, int]:
        """Returns when each student last had a turn: 1, 2, 3 …; who never had one is not in it."""
        rows = self._connection().execute("SELECT student, turn FROM students")
        return {row["student"]: row["turn"] for row in rows}

    def queued(self) -> list[Run]:
        """Returns the runs that wait, in the order in which they were asked for. Whose turn it is: `flowerlab.turns`."""
        rows = self._connection().execute("SELECT * FROM runs WHERE state = 'queued' ORDER BY queued_s, number")
        return [_run(row) for row in rows]

    def live(self) -> list[Run]:
        """Returns the runs that a trainer has now."""
        rows = self._connection().execute(f"SELECT * FROM runs WHERE state IN ({LIVE}) ORDER BY number")
        return [_run(row) for row in rows]

    def equal_to(self, recipe: Recipe, *, materials: str = "") -> Run | None:
        """Returns the newest run with this very recipe and these materials that is done, live or waiting; None if none is.

        One that somebody has asked to stop is none: it may end without a model.

        Args:
            recipe: What was trained.
            materials: As given to `add`.
        """
        row = (
            self._connection()
            .execute(
                "SELECT * FROM runs WHERE fingerprint = ? AND state NOT IN ('stopping', 'stopped', 'failed', 'interrupted') "
                "ORDER BY number DESC LIMIT 1",
                (_fingerprint(recipe, materials),),
            )
            .fetchone()
        )
        return _run(row) if row is not None else None

    def events(self, run_id: str, *, after: int = 0) -> list[tuple[int, Event]]:
        """Returns the events of all attempts behind sequence number `after`, in order, as (sequence number, event)."""
        if not RUN_ID.fullmatch(run_id):
            return []
        rows = self._connection().execute(
            "SELECT seq, body FROM events WHERE run_id = ? AND seq > ? ORDER BY seq", (run_id, after)
        )
        return [(row["seq"], from_line(row["body"])) for row in rows]


def _fingerprint(recipe: Recipe, materials: str, patience_from: int = 0) -> str:
    # Trained on after its patience had run out, a run is another than its recipe alone would make.
    beyond = f"-{patience_from}" if patience_from else ""
    return f"{recipe.fingerprint()}{beyond} {materials}"


def _materials(row: sqlite3.Row) -> str:
    return str(row["fingerprint"]).partition(" ")[2]


def _unknown(run_id: str) -> str:
    return (
        f"No run has this id. Expected the 12 digits that `python -m flowerlab runs` shows. Received: {shown(run_id)}. "
        "It may have been deleted."
    )


def _run(row: sqlite3.Row) -> Run:
    return Run(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        recipe=Recipe.model_validate_json(row["recipe"]),
        state=RunState(row["state"]),
        attempt=row["attempt"],
        created_s=row["created_s"],
        started_s=row["started_s"],
        ended_s=row["ended_s"],
        message=row["message"],
        stop_requests=row["stop_requests"],
        result=Result.model_validate_json(row["result"]) if row["result"] else None,
        deaths=row["deaths"],
        patience_from=row["patience_from"],
        student=row["student"],
        turn=row["turn"],
        kept=bool(row["kept"]),
    )
