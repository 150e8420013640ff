"""Opening a home's store whatever has happened to it: damaged, lost, on a network disk, or only to be looked at."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from flowerlab.errors import DiskFull, HomeReadOnly, HomeUnusable, StoreDamaged
from flowerlab.home import Home
from flowerlab.runs.folders import RECORD, RunFolders
from flowerlab.store import Store
from flowerlab.store.connections import Writing
from flowerlab.store.copying import BESIDE, copy_to_look_at, put_aside
from flowerlab.store.faults import doubted_mark, fault
from flowerlab.store.recovery import Rebuilt, rebuild
from flowerlab.system.filesystems import network_kind
from flowerlab.system.locks import ProcessLock, waiting_for

ONLY_LOST = "Lost are only the figures inside epochs: curves have one point an epoch."
LOG = logging.getLogger(__name__)


@dataclass
class Opened:
    """A store, and what happened when it was opened.

    Args:
        notices: What people should know, each one sentence or two.
        rebuilt: Runs that came out of their folders; None if none had to.
        scratch: A folder of its own for the copy that is looked at; None if the store itself is open.
    """

    home: Home
    store: Store
    notices: list[str]
    rebuilt: Rebuilt | None = None
    scratch: Path | None = None

    def close(self) -> None:
        """Closes the store, and removes the copy."""
        self.store.close()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def open_home(root: Path) -> Opened:
    """Opens a home; where nothing can be written, to be looked at.

    Raises:
        HomeUnusable: If the home, or the store in it, can neither be used nor looked at.
    """
    home = Home(root.expanduser().resolve())
    try:
        return open_store(home.create())
    except (HomeReadOnly, DiskFull) as error:
        if not home.store.is_file():
            raise
        return open_to_look(home, str(error))


def open_store(home: Home) -> Opened:
    """Opens the store of a home that can be written.

    A damaged file is put aside, and so is none that another process has open as its owner; then, or where the file is gone or lacks
    runs, the runs are brought back from their folders.

    Raises:
        HomeReadOnly: If the file may only be read.
        StoreUnusable: If it cannot be used as it is, with the reason.
    """
    if home.store.exists() and not os.access(home.store, os.W_OK):
        # SQLite would open it, and refuse at the first change.
        raise fault(HomeReadOnly, "a file that may not be written by you")
    kind = network_kind(home.root)
    opened = _whole(home, "journal" if kind else "log")
    try:
        opened.store.bring_folders_into_line()
    except BaseException:
        opened.close()
        raise
    if kind is not None:
        opened.notices.append(
            f"FLOWERLAB_HOME lies on a network folder ({kind}): {home.root}. Use it from one computer at a time. A folder on this "
            "computer's own disk is safer and quicker."
        )
    return opened


def _whole(home: Home, writing: Writing) -> Opened:
    try:
        return _checked(home, writing)
    except StoreDamaged as damage:
        with waiting_for(home.locks / "mending"):
            try:
                # Of several that find the damage, the first has mended it.
                return _checked(home, writing)
            except StoreDamaged:
                return _mended(home, writing, damage)


def _checked(home: Home, writing: Writing) -> Opened:
    """Opens a store that is whole, or raises StoreDamaged."""
    doubted = doubted_mark(home.store).exists()
    in_doubt = doubted or _left_open(home)
    store = Store(home.store, writing)
    try:
        if in_doubt:
            began_s = time.monotonic()
            store.look_through(events=doubted)
            doubted_mark(home.store).unlink(missing_ok=True)
            LOG.info("The list of runs was looked through in %.2f s: it is whole.", time.monotonic() - began_s)
        store.look_for_tables()
        return _completed(home, store)
    except BaseException:
        store.close()
        raise


def _left_open(home: Home) -> bool:
    """Whether the file was not closed, and nobody has it open: the lab was killed, or the machine lost its power."""
    if not any(home.store.with_name(home.store.name + end).exists() for end in (*BESIDE, "-journal")):
        return False
    owner = ProcessLock(home.locks / "owner")
    free = owner.acquire()
    owner.release()
    return free


def _completed(home: Home, store: Store) -> Opened:
    """Brings back runs that the store lacks: it was deleted, is an older copy, or forgot its last words with the power."""
    here = {run.id for run in store.all()}
    folders = RunFolders(home.runs)
    missing = [folder for folder in folders.all() if folder.name not in here and (not here or (folder / RECORD).exists())]
    if not missing:
        return Opened(home, store, [])
    # Unpacking a lesson moves the folder into place before the store knows the run.
    with waiting_for(home.locks / "unpacking"):
        here = {run.id for run in store.all()}
        rebuilt = rebuild(store, [folder for folder in missing if folder.name not in here and folder.exists()])
    if not rebuilt.runs and not rebuilt.refused:
        return Opened(home, store, [])
    why = "The list of runs lacked some that have folders" if here else "The list of runs was gone"
    return Opened(home, store, [f"{why}: {rebuilt.sentence()} {ONLY_LOST}"], rebuilt)


def _mended(home: Home, writing: Writing, damage: StoreDamaged) -> Opened:
    owner = ProcessLock(home.locks / "owner")
    if not owner.acquire():
        # It trains, and writes into the very file: the next who opens the lab mends it.
        raise damage
    try:
        aside = put_aside(home.store, date.today().isoformat())
        LOG.warning("The list of runs is damaged (%s). It lies in %s.", damage, aside)
        store = Store(home.store, writing)
        rebuilt = rebuild(store, RunFolders(home.runs).all())
    except OSError as error:
        raise StoreDamaged(f"{damage} It could not be put aside: {error.strerror or error}.") from error
    finally:
        owner.release()
    happened = f"The list of runs was damaged. It was put aside as {aside}; {rebuilt.sentence()}"
    return Opened(home, store, [f"{happened} {ONLY_LOST}" if rebuilt.runs else happened], rebuilt)


def open_to_look(home: Home, why: str) -> Opened:
    """Opens the store of a home in which nothing can be written (`why`: as a sentence): a copy of it, as it is now.

    Raises:
        StoreUnusable: If it cannot even be read.
    """
    look_only = (
        f"{why} So this lab can be looked at, and nothing in it can be changed until that is mended and it is started again."
    )
    folder = Path(tempfile.mkdtemp(prefix="flowerlab-"))
    copy = folder / home.store.name
    rebuilt = None
    try:
        copy_to_look_at(home.store, copy)
        try:
            store = Store(copy)
            store.look_through()
        except StoreDamaged:
            put_aside(copy, "copy")
            store = Store(copy)
            rebuilt = rebuild(store, RunFolders(home.runs).all())
    except (OSError, HomeUnusable) as error:
        LOG.warning("No copy of the list of runs could be made (%s): it is read where it lies.", error)
        store = Store(home.store, "never")
        store.all()
    store.refuse_changes(look_only)
    notices = [] if rebuilt is None else [f"The list of runs is damaged: {rebuilt.sentence()}"]
    # What would lie beside the store lies beside its copy.
    return Opened(replace(home, own_logs=folder), store, notices, rebuilt, folder)
