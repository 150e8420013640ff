"""What the store knows, read: runs and their events."""

from __future__ import annotations

import hashlib
import logging
import math
import sqlite3
from pathlib import Path
from typing import Any

from flowerlab.errors import StoreDamaged, UnknownRun, shown
from flowerlab.recipe.recipe import Recipe
from flowerlab.recipe.validation import RUN_ID
from flowerlab.runs.events import Event, Result, from_line
from flowerlab.runs.provenance import Provenance
from flowerlab.runs.run import PLAIN, Run, RunRecord, RunState
from flowerlab.store.connections import Connections, Writing
from flowerlab.store.faults import Connection, fault

# States in which a trainer has a run, as SQL writes them.
LIVE = ", ".join(f"'{state}'" for state in RunState if state.live)
# What of a run's events its folder keeps: all but the steps inside an epoch, of which there are thousands.
KEPT_EVENTS = ("attempt", "start", "epoch", "end")
TEXTS = ("id", "name", "recipe", "fingerprint", "materials", "state", "message", "student")
COUNTS = ("number", "attempt", "stop_requests", "deaths", "patience_from", "turn", "kept")
TIMES = ("created_s", "started_s", "ended_s")
# Of a row, what a run is made of.
COLUMNS = (*TEXTS, *COUNTS, *TIMES, "result")
LOG = logging.getLogger(__name__)


class Reading:
    """Reads the runs of one home.

    A run that has not changed is the same object at every reading: each open page holds all runs that it shows, a class holds some
    hundred pages, and a run takes three kilobytes and more.
    """

    def __init__(self, path: Path, writing: Writing = "log") -> None:
        self.path = path
        self._connections = Connections(path, writing)
        # By id: the digest of the row when it was last read, and the run that it made. The row itself would take four kilobytes.
        self._known: dict[str, tuple[bytes, Run]] = {}

    def _connection(self) -> Connection:
        return self._connections.get()

    def close(self) -> None:
        """Closes the connections of all threads."""
        self._connections.close()

    def record(self, run_id: str, *, whole: bool = True) -> RunRecord:
        """Returns a run with all that the store knows of it; `whole`: also the steps inside epochs, of which there are thousands.

        Raises:
            UnknownRun: If there is no such run.
        """
        row = self._row(run_id)
        events = tuple(event for _, event in self.events(run_id) if whole or event.kind in KEPT_EVENTS)
        return RunRecord(self._run(row), row["materials"], events)

    def _runs(self, statement: str) -> list[Run]:
        return [self._run(row) for row in self._connection().rows(statement)]

    def get(self, run_id: str) -> Run:
        """Returns one run.

        Raises:
            UnknownRun: If there is no such run; also for text that is no id at all.
        """
        return self._run(self._row(run_id))

    def _row_of(self, run_id: str) -> sqlite3.Row | None:
        if not RUN_ID.fullmatch(run_id):
            return None
        return self._connection().first("SELECT * FROM runs WHERE id = ?", (run_id,))

    def _row(self, run_id: str) -> sqlite3.Row:
        row = self._row_of(run_id)
        if row is None:
            raise UnknownRun(
                f"No run has this id. Expected the 12 digits that `python -m flowerlab runs` shows. Received: {shown(run_id)}. "
                "It may have been deleted."
            )
        return row

    def find(self, run_id: str) -> Run | None:
        """Returns one run; None if there is no such run."""
        row = self._row_of(run_id)
        return None if row is None else self._run(row)

    def source(self, run_id: str) -> Provenance | None:
        """Returns what a run was trained with; None if there is no such run."""
        row = self._row_of(run_id)
        return None if row is None else Provenance(self._run(row).recipe, row["materials"])

    def materials(self, run_id: str) -> str:
        """Returns which photos and shipped weights a run's recipe stands for, see `flowerlab.runs.provenance`.

        Raises:
            UnknownRun: If there is no such run.
        """
        return str(self._row(run_id)["materials"])

    def all(self) -> list[Run]:
        """Returns every run, newest first: in the order in which they were made, whatever the clock said."""
        runs = self._runs("SELECT * FROM runs ORDER BY number DESC")
        there = {run.id for run in runs}
        for deleted in [run_id for run_id in list(self._known) if run_id not in there]:
            self._known.pop(deleted, None)
        return runs

    def turns(self) -> dict[str, int]:
        """Returns when each student last had a turn: 1, 2, 3 …; who never had one is not in it."""
        rows = self._connection().rows("SELECT student, turn FROM students")
        return {str(row["student"]): int(row["turn"]) for row in rows}

    def queued(self) -> list[Run]:
        """Returns the runs that wait, in the order in which they were added. Whose turn it is: `flowerlab.scheduler.fairness`."""
        return self._runs("SELECT * FROM runs WHERE state = 'queued' ORDER BY place, number")

    def live(self) -> list[Run]:
        """Returns the runs that a trainer has now."""
        return self._runs(f"SELECT * FROM runs WHERE state IN ({LIVE}) ORDER BY number")

    def unfinished(self) -> list[Run]:
        """Returns the runs that a trainer has now, and after them those that wait, as they are at one moment.

        `live` and then `queued` would miss a run that is begun in between.
        """
        return self._runs(f"SELECT * FROM runs WHERE state = 'queued' OR state IN ({LIVE}) ORDER BY state = 'queued', number")

    def latest_ends(self) -> list[Run]:
        """Returns the runs that are over, those that ended last first, whatever the clock said."""
        return self._runs(
            f"SELECT *, (SELECT max(seq) FROM events WHERE run_id = runs.id) AS last FROM runs WHERE state NOT IN ('queued', {LIVE}) "
            "ORDER BY last DESC, number DESC"
        )

    def equal_to(self, recipe: Recipe, *, materials: str = "") -> Run | None:
        """Returns the newest run with this very recipe and these materials that is done, live or waiting; None if none is.

        One that is to stop is none: it may end without a model. Nor is one that began with weights which the run that it starts from has no
        longer, because that was trained on since.
        """
        row = self._connection().first(
            # Trained on after its patience had run out, a run is another than its recipe alone would make.
            "SELECT * FROM runs WHERE fingerprint = ? AND materials = ? AND patience_from = 0 "
            "AND state NOT IN ('stopping', 'stopped', 'failed', 'interrupted') ORDER BY number DESC LIMIT 1",
            (recipe.fingerprint(), materials),
        )
        if row is None or (recipe.start_from is not None and self._began_before(row["id"], recipe.start_from)):
            return None
        return self._run(row)

    def _began_before(self, run_id: str, source_id: str) -> bool:
        """Whether a run has begun before the last attempt at its source was over; by the order of events, not by the clock.

        A source of one attempt has the weights that it always had: it may be back from the trash, its events after all others.
        """
        row = self._connection().first(
            "SELECT attempt > 1 AND (SELECT min(seq) FROM events WHERE run_id = ?) < (SELECT max(seq) FROM events WHERE run_id = ?) "
            "AS before FROM runs WHERE id = ?",
            (run_id, source_id, source_id),
        )
        return row is not None and bool(row["before"])

    def events(self, run_id: str, *, after: int = 0) -> list[tuple[int, Event]]:
        """Returns the events of all attempts after sequence number `after`, in order, as (sequence number, event).

        One that cannot be read any more is left out: the file is looked at when it is next opened.
        """
        if not RUN_ID.fullmatch(run_id):
            return []
        rows = self._connection().rows("SELECT seq, body FROM events WHERE run_id = ? AND seq > ? ORDER BY seq", (run_id, after))
        found = []
        for row in rows:
            try:
                found.append((row["seq"], from_line(row["body"])))
            except (ValueError, TypeError):
                LOG.warning("Event %s of run %s cannot be read and is left out.", row["seq"], run_id)
                self._connections.doubt()
        return found

    def look_for_tables(self) -> None:
        """Looks whether the tables are there.

        Raises:
            StoreDamaged: If they are not.
        """
        self._connection().rows("SELECT place, written, student, turn, kept, materials FROM runs LIMIT 1")
        self._connection().rows("SELECT student, turn FROM students LIMIT 1")
        self._connection().rows("SELECT seq, run_id, attempt, kind, body FROM events LIMIT 1")

    def look_through(self, *, events: bool = True) -> None:
        """Looks whether the whole file is what was written: its pages and every run. 0.5 s for 500,000 events (108 MB).

        With `events` each of them is read, too, which takes eight times as long.

        Raises:
            StoreDamaged: If it is not.
        """
        connection = self._connection()
        said = connection.first("PRAGMA integrity_check(1)")
        if said is None or said[0] != "ok":
            raise fault(StoreDamaged, str(said[0]) if said is not None else "no answer")
        self.all()
        for row in connection.rows("SELECT seq, run_id, body FROM events") if events else ():
            try:
                whole = from_line(row["body"]).run_id == row["run_id"]
            except (ValueError, TypeError):
                whole = False
            if not whole:
                raise fault(StoreDamaged, f"an event that cannot be read, number {row['seq']}")

    def _run(self, row: sqlite3.Row) -> Run:
        try:
            digest = hashlib.blake2b(repr([row[name] for name in COLUMNS]).encode(), digest_size=16).digest()
            known = self._known.get(row["id"])
            if known is not None and known[0] == digest:
                return known[1]
            run = _run(row)
        except (ValueError, TypeError, IndexError) as error:
            self._connections.doubt()
            raise fault(StoreDamaged, f"a run that cannot be read ({type(error).__name__})") from error
        self._known[run.id] = digest, run
        return run


def _run(row: sqlite3.Row) -> Run:
    # SQLite keeps whatever it is given, and a damaged file may hold anything.
    if not all(isinstance(row[name], str) for name in TEXTS) or not RUN_ID.fullmatch(row["id"]):
        raise ValueError("a text is none")
    if not all(isinstance(row[name], int) and row[name] >= 0 for name in COUNTS):
        raise ValueError("a number is none")
    if not all(_is_time(row[name]) for name in TIMES) or row["created_s"] is None:
        raise ValueError("a time is none")
    return Run(
        **{name: row[name] for name in PLAIN},
        recipe=Recipe.model_validate_json(row["recipe"]),
        state=RunState(row["state"]),
        result=Result.model_validate_json(row["result"]) if row["result"] else None,
        turn=row["turn"],
        kept=bool(row["kept"]),
    )


def _is_time(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isfinite(value))
