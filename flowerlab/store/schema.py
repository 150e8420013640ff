"""What tables there are, as numbered steps from an empty file on; and the copy that is made before an older file takes one.

A new file takes all steps, so that it is what an old one becomes. A step that has been released is never changed.
"""

from __future__ import annotations

from pathlib import Path

from flowerlab.errors import BadRecipe, StoreDamaged, StoreUnusable
from flowerlab.recipe.recipe import Recipe
from flowerlab.store.copying import copy_settled
from flowerlab.store.faults import Connection, fault, newer

MIGRATIONS = {
    1: """
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
""",
    # A run goes on: how often its trainer died, from where its patience counts, since when it waits.
    2: """
ALTER TABLE runs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN patience_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN queued_s REAL NOT NULL DEFAULT 0;
UPDATE runs SET queued_s = created_s;
""",
    # The place in the queue is a number that grows, whatever the clock does; `written`: whether the run's folder says all this.
    # Students take turns; `kept`: no cleaning rule touches the run.
    3: """
ALTER TABLE runs RENAME COLUMN queued_s TO place;
ALTER TABLE runs ADD COLUMN written INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN student TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
CREATE TABLE students (student TEXT PRIMARY KEY, turn INTEGER NOT NULL);
""",
    # What stood in the fingerprint behind a space has a column of its own, and what patience counts from has one already. The
    # fingerprint is the recipe's as it is made now.
    4: """
ALTER TABLE runs ADD COLUMN materials TEXT NOT NULL DEFAULT '';
UPDATE runs SET materials = substr(fingerprint, instr(fingerprint || ' ', ' ') + 1), fingerprint = fingerprint_of(recipe);
""",
}
SCHEMA_VERSION = max(MIGRATIONS)


def version_of(connection: Connection) -> int:
    """Returns the schema of a file, 0 if it is empty.

    Raises:
        StoreUnusable: If it is of a newer Flowerlab.
        StoreDamaged: If it has tables and does not say of which schema they are.
    """
    # In one look: another process may be making the tables.
    version, tables = connection.rows("SELECT (SELECT user_version FROM pragma_user_version), count(*) FROM sqlite_master")[0]
    if version > SCHEMA_VERSION:
        raise newer(version, SCHEMA_VERSION)
    if version < 0 or (version == 0 and tables):
        raise fault(StoreDamaged, f"a file with tables and schema {version}")
    return int(version)


def bring_up_to_date(connection: Connection) -> None:
    """Takes a file through all steps that it has not taken: all of them or none. An older file is copied before.

    Two processes may open a home at once: the one that comes second finds the tables.

    Raises:
        StoreUnusable: If the copy cannot be written or a step fails; the file is then as it was.
    """
    if version_of(connection) == SCHEMA_VERSION:
        return
    connection.create_function("fingerprint_of", 1, _fingerprint_of, deterministic=True)
    connection.change("BEGIN IMMEDIATE")
    try:
        version = version_of(connection)
        if version == SCHEMA_VERSION:
            return
        if version:
            copy_settled(connection.file, backup_of(connection.file, version))
        for number in range(version + 1, SCHEMA_VERSION + 1):
            for statement in MIGRATIONS[number].split(";"):
                connection.change(statement)
        connection.change(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.change("COMMIT")
    except OSError as error:
        raise StoreUnusable(
            "The list of runs, flowerlab.sqlite3 in FLOWERLAB_HOME, is of an older Flowerlab, and no copy of it could be written before it "
            f"is brought up to date. Received: {error.strerror or error}. Free some space and start the lab again. Nothing was changed."
        ) from error
    finally:
        if connection.in_transaction:
            connection.change("ROLLBACK")


def _fingerprint_of(recipe: object) -> str:
    try:
        return Recipe.model_validate_json(str(recipe)).fingerprint()
    except (ValueError, BadRecipe):
        # The row is damaged: that is met, and mended, when it is read.
        return ""


def backup_of(file: Path, version: int) -> Path:
    """Returns where the copy of a file of an older schema lies."""
    return file.with_name(f"{file.name}.schema-{version}.bak")


def backups(file: Path) -> list[Path]:
    """Returns the copies of older schemas that are there."""
    return [copy for version in range(1, SCHEMA_VERSION) if (copy := backup_of(file, version)).is_file()]
