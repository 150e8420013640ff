"""The store of one home: what changes runs. Reading is in `flowerlab.store.reading`."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from flowerlab.errors import BadInput, HomeReadOnly, HomeUnusable, UnknownRun
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End, Event, to_line
from flowerlab.runs.folders import RunFolders
from flowerlab.runs.history import History
from flowerlab.runs.run import PLAIN, Run, RunRecord, RunState, check_name, state_after
from flowerlab.store.connections import Writing
from flowerlab.store.faults import Connection
from flowerlab.store.history_reader import HistoryReader
from flowerlab.store.reading import LIVE, Reading

# A place in the queue after all others; and a moment that is never before those that the run has seen: clocks are set back.
NEXT_PLACE = "(SELECT coalesce(max(place), 0) + 1 FROM runs)"
NOT_BEFORE = "max(?, created_s, coalesce(started_s, created_s))"
# Given the runs that wait, may refuse one more by raising.
Admit = Callable[[list[Run]], None]
LOG = logging.getLogger(__name__)


class Store(Reading):
    """The runs of one home.

    Raises:
        StoreUnusable: Here and from every method, if the file cannot be read or written.
    """

    def __init__(self, path: Path, writing: Writing = "log") -> None:
        super().__init__(path, writing)
        self._folders = RunFolders(path.parent / "runs")
        self._histories = HistoryReader(lambda run_id, after: self.events(run_id, after=after))

    def refuse_changes(self, sentence: str) -> None:
        """Lets nothing be changed any more; each attempt raises `HomeReadOnly` with this sentence."""
        self._connections.read_only = sentence

    @property
    def read_only(self) -> str:
        """Why nothing can be changed, as a sentence; empty if it can."""
        return self._connections.read_only

    def check_changeable(self) -> None:
        """Checks that more can be done here than to look.

        Raises:
            HomeReadOnly: If not.
        """
        if self.read_only:
            raise HomeReadOnly(self.read_only)

    def history(self, run_id: str) -> History:
        """Returns a run's curves and progress up to now; new events are read once for all who watch."""
        return self._histories.history(run_id)

    def unwritten(self, most: int) -> list[str]:
        """Returns ids of runs that are not in their folders as they are now: their last writing failed, or they are of an older schema."""
        rows = self._connection().rows("SELECT id FROM runs WHERE written = 0 ORDER BY number LIMIT ?", (most,))
        return [row["id"] for row in rows]

    def keep(self, run_id: str) -> bool:
        """Writes a run into its folder as it is now; returns whether it is there. What is not is written later."""
        try:
            before = tuple(self._row(run_id))
            record = self.record(run_id, whole=False)
            # The disk takes its time, and nobody shall wait for it: only putting the file into its place is part of a transaction.
            with self._folders.keeping(record) as put, self._connections.transaction() as db:
                if tuple(self._row(run_id)) != before:
                    # Who has changed it since writes it, too.
                    return False
                put()
                db.change("UPDATE runs SET written = 1 WHERE id = ?", (run_id,))
        except UnknownRun:
            self._folders.remove_empty(run_id)
            return True
        except (OSError, HomeUnusable) as error:
            LOG.warning("Run %s could not be written into its folder: %s", run_id, error)
            return False
        return True

    # Writing

    # Making and naming

    def add(self, recipe: Recipe, name: str, *, materials: str = "", student: str = "", admit: Admit = lambda waiting: None) -> Run:
        """Adds a queued run.

        Args:
            name: `{number}` in it is replaced by the run's number.
            materials: Which photos and shipped weights the recipe stands for, see `flowerlab.runs.provenance`.
            student: Whose run it is, see `flowerlab.scheduler.fairness`; empty if that is not known.
            admit: Called with the runs that wait; may raise, and then nothing is added.

        Raises:
            BadName: If a run cannot have this name.
        """
        return self.add_unless_equal(recipe, name, materials=materials, student=student, admit=admit, again=True)[0]

    def add_unless_equal(
        self,
        recipe: Recipe,
        name: str,
        *,
        materials: str = "",
        student: str = "",
        admit: Admit = lambda waiting: None,
        again: bool = False,
    ) -> tuple[Run, bool]:
        """Adds a queued run as `add` does, unless `equal_to` finds one and it is not to be trained `again`.

        Of two that are added at once, one finds the other. Returns the run, and whether it was there already.
        """
        with self._connections.transaction() as db:
            equal = None if again else self.equal_to(recipe, materials=materials)
            if equal is not None:
                return equal, True
            admit(self.queued())
            run = self._insert(db, recipe, name, materials, student)
        self.keep(run.id)
        return run, False

    def _insert(self, db: Connection, recipe: Recipe, name: str, materials: str, student: str) -> Run:
        run_id = uuid.uuid4().hex[:12]
        number = db.rows("SELECT coalesce(max(number), 0) + 1 FROM runs")[0][0]
        checked = check_name(name.replace("{number}", str(number)))
        db.change(
            "INSERT INTO runs (id, number, name, recipe, fingerprint, materials, state, created_s, place, student) "
            f"VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, {NEXT_PLACE}, ?)",
            (run_id, number, checked, recipe.model_dump_json(), recipe.fingerprint(), materials, time.time(), student),
        )
        return self.get(run_id)

    def rename(self, run_id: str, name: str) -> None:
        """Gives a run another name.

        Raises:
            UnknownRun: If there is no such run.
            BadName: If a run cannot have this name.
        """
        checked = check_name(name)
        with self._connections.transaction() as db:
            db.change("UPDATE runs SET written = 0, name = ? WHERE id = ?", (checked, self.get(run_id).id))
        self.keep(run_id)

    def mark_kept(self, run_id: str, *, kept: bool) -> None:
        """Marks a run as one that no cleaning rule touches, or takes the mark away."""
        with self._connections.transaction() as db:
            db.change("UPDATE runs SET written = 0, kept = ? WHERE id = ?", (int(kept), self.get(run_id).id))
        self.keep(run_id)

    def withdraw(self, run_ids: Sequence[str]) -> None:
        """Takes back runs that were added and have not begun; others stay."""
        for run_id in run_ids:
            with self._connections.transaction() as db:
                if db.change("DELETE FROM runs WHERE id = ? AND state = 'queued' AND attempt = 0", (run_id,)):
                    self._folders.bury(run_id)
            self._folders.remove_buried(run_id)

    def delete(self, run_id: str, *, into: Path | None = None) -> None:
        """Removes a run that no trainer has, with its events and its folder.

        Args:
            into: Where its folder goes; None: it is deleted.

        Raises:
            UnknownRun: If there is no such run.
            BadInput: If it is under way, or another run starts from it that waits or is under way.
            HomeUnusable: If its folder cannot be taken away; nothing was changed then.
        """
        try:
            with self._connections.transaction() as db:
                self._check_deletable(self.get(run_id))
                db.change("DELETE FROM runs WHERE id = ?", (run_id,))
                # Before the row is gone for good: what has no row and a folder would come back when the store is rebuilt.
                self._folders.bury(run_id, into)
        except HomeUnusable:
            self._folders.unbury(run_id, into)
            raise
        self._folders.remove_buried(run_id)
        self._histories.forget(run_id)

    def _check_deletable(self, run: Run) -> None:
        if run.state.live:
            raise BadInput(f"{run.name!r} is still {run.state}. Stop it first, then delete it.")
        for other in self.unfinished():
            if other.recipe.start_from == run.id:
                what = "waits to start" if other.state is RunState.QUEUED else "is under way and starts"
                raise BadInput(f"{other.name!r} {what} from {run.name!r}. Stop that run first, then delete this one.")

    # From attempt to attempt

    def request_stop(self, run_id: str) -> RunState:
        """Notes that the run shall stop, and returns its state afterwards.

        A queued run is stopped at once, unless an attempt has left something that can become a model: then it is
        `stopping`, as a live one, until that is saved. While a run is being tested, the wish means "skip the test". A run that is
        over stays as it is.
        """
        run = self.get(run_id)
        with self._connections.transaction() as db:
            db.change(
                f"UPDATE runs SET written = 0, state = 'stopped', ended_s = {NOT_BEFORE}, message = CASE WHEN result IS NULL THEN "
                "'Stopped before it began.' ELSE 'Stopped before it went on: its model is the one of before.' END "
                "WHERE id = ? AND state = 'queued' AND (attempt = 0 OR result IS NOT NULL)",
                (time.time(), run_id),
            )
            db.change(
                "UPDATE runs SET written = 0, stop_requests = stop_requests + 1, "
                "state = CASE WHEN state = 'evaluating' THEN state ELSE 'stopping' END "
                f"WHERE id = ? AND state IN ('queued', {LIVE})",
                (run_id,),
            )
        if not run.state.over:
            self.keep(run_id)
        return self.get(run.id).state

    def begin_attempt(self, run_id: str) -> int:
        """Gives the run's next attempt its number; events of earlier attempts are refused from now on.

        If the run waited for its turn, that is now: its student's next one comes after one of everybody else who waits.
        """
        with self._connections.transaction() as db:
            waits = db.first("SELECT student FROM runs WHERE id = ? AND state = 'queued' AND turn = 0", (run_id,))
            if waits is not None:
                turn = db.rows("SELECT coalesce(max(turn), 0) + 1 FROM students")[0][0]
                db.change("UPDATE runs SET turn = ? WHERE id = ?", (turn, run_id))
                db.change("INSERT OR REPLACE INTO students (student, turn) VALUES (?, ?)", (waits["student"], turn))
            db.change(
                f"UPDATE runs SET attempt = attempt + 1, started_s = coalesce(started_s, {NOT_BEFORE}), "
                "state = CASE state WHEN 'stopping' THEN state ELSE 'preparing' END WHERE id = ?",
                (time.time(), run_id),
            )
        return self.get(run_id).attempt

    def append(self, event: Event) -> bool:
        """Takes an event and moves the run's state; returns False if no trainer has the run, or another attempt has it.

        A run that was trained on keeps its result until there is a new one.
        """
        with self._connections.transaction() as db:
            row = db.first("SELECT attempt, state FROM runs WHERE id = ?", (event.run_id,))
            if row is None or row["attempt"] != event.attempt or not RunState(row["state"]).live:
                return False
            self._insert_events(db, event.run_id, [event])
            if isinstance(event, End):
                result = event.result.model_dump_json() if event.result else None
                db.change(
                    f"UPDATE runs SET written = 0, state = ?, ended_s = {NOT_BEFORE}, message = ?, "
                    "result = coalesce(?, result), turn = 0 WHERE id = ?",
                    (event.state, event.time_s, event.message, result, event.run_id),
                )
            else:
                state = state_after(event, RunState(row["state"]))
                db.change("UPDATE runs SET state = ? WHERE id = ?", (state, event.run_id))
        if isinstance(event, End):
            self.keep(event.run_id)
        return True

    def _insert_events(self, db: Connection, run_id: str, events: Sequence[Event]) -> None:
        db.change_each(
            "INSERT INTO events (run_id, attempt, kind, body) VALUES (?, ?, ?, ?)",
            [(run_id, event.attempt, event.kind, to_line(event)) for event in events],
        )

    def requeue(self, run_id: str, message: str, *, died: bool) -> None:
        """Has a live run wait for another attempt, because the trainer that had it is gone.

        One that shall stop is `stopping` until that attempt has saved what is there.

        Args:
            message: What happened, as a sentence.
            died: Whether that counts as a death of its trainer.
        """
        with self._connections.transaction() as db:
            db.change(
                "UPDATE runs SET written = 0, state = CASE WHEN stop_requests > 0 THEN 'stopping' ELSE 'queued' END, message = ?, "
                f"deaths = deaths + ? WHERE id = ? AND state IN ({LIVE})",
                (message, int(died), run_id),
            )
        self.keep(run_id)

    def go_on(
        self, run_id: str, recipe: Recipe, *, patience_from: int = 0, student: str = "", admit: Admit = lambda waiting: None
    ) -> bool:
        """Queues a run that is over once more, after those that wait; returns False if it was not over.

        It keeps its result until there is a new one.
        """
        with self._connections.transaction() as db:
            if self.get(run_id).state.over:
                admit(self.queued())
            changed = db.change(
                "UPDATE runs SET written = 0, state = 'queued', recipe = ?, fingerprint = ?, patience_from = ?, message = '', "
                f"stop_requests = 0, deaths = 0, ended_s = NULL, student = ?, turn = 0, place = {NEXT_PLACE} "
                f"WHERE id = ? AND state NOT IN ('queued', {LIVE})",
                (recipe.model_dump_json(), recipe.fingerprint(), patience_from, student, run_id),
            )
        self.keep(run_id)
        return changed > 0

    # From elsewhere

    def adopt(self, records: Sequence[RunRecord], *, keep_numbers: bool = False) -> list[str]:
        """Takes in runs that were made elsewhere, all or none, and returns the ids of those that were not here yet.

        They keep their ids; a run whose id is here stays as it is.

        Args:
            records: In any order; they come here in that of their numbers.
            keep_numbers: Whether they keep these too, where they are free; else they get the next ones.
        """
        taken = []
        with self._connections.transaction() as db:
            for record in sorted(records, key=lambda record: record.run.number):
                run = record.run
                if db.first("SELECT 1 FROM runs WHERE id = ?", (run.id,)) is not None:
                    continue
                added = self._insert(db, run.recipe, "adopted", record.materials, run.student)
                free = keep_numbers and run.number > 0 and not db.rows("SELECT 1 FROM runs WHERE number = ?", (run.number,))
                columns = {name: getattr(run, name) for name in PLAIN} | {
                    "number": run.number if free else added.number,
                    "name": check_name(run.name),
                    "state": run.state,
                    "result": run.result.model_dump_json() if run.result else None,
                    "kept": int(run.kept),
                }
                places = ", ".join(f"{name} = ?" for name in columns)
                db.change(f"UPDATE runs SET {places} WHERE id = ?", (*columns.values(), added.id))
                self._insert_events(db, run.id, record.events)
                taken.append(run.id)
        for run_id in taken:
            self.keep(run_id)
        return taken

    def bring_folders_into_line(self) -> None:
        """Ends deletions that were cut off on the way: the folder goes with its run, or stays with it."""
        if not self._folders.buried():
            return
        with self._connections.transaction():
            here = {run.id for run in self.all()}
            for run_id in self._folders.buried():
                if run_id in here:
                    self._folders.unbury(run_id)
                else:
                    self._folders.remove_buried(run_id)
