"""The home: whether it can be written, how much room there is, and on what kind of disk it lies."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from flowerlab.doctor.finding import Finding, Level
from flowerlab.errors import HomeUnusable, StoreDamaged
from flowerlab.home import Home
from flowerlab.store import check_store
from flowerlab.store.copying import asides
from flowerlab.system.filesystems import is_network, kind_of_disk

# An afternoon's runs on 3,670 photos at 150 px: 250 MB of prepared photos, features, a few models.
LEAST_SPACE_MB, SPACE_WANTED_MB = 100, 2000
ELSEWHERE = "Set FLOWERLAB_HOME to a folder that you may write to."


def check_home(home: Path) -> Iterator[Finding]:
    """Tries to write where the lab writes, or would make its folder, and leaves no file."""
    root = home.expanduser().resolve()
    place = root
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        for folder in (place, *(folder for folder in Home(root).all_folders if folder.exists())):
            with tempfile.TemporaryFile(dir=folder):
                pass
        free_mb = shutil.disk_usage(place).free / 1e6
    except OSError as error:
        text = f"{root} cannot be written ({error.strerror}: {error.filename or root})."
        if Home(root).store.is_file():
            text += " Its runs can be looked at, and no more."
        yield Finding("home", Level.PROBLEM, text, ELSEWHERE)
        return
    for aside in asides(Home(root).store):
        text = f"A damaged list of runs was put aside: {aside}."
        yield Finding("list of runs", Level.WARNING, text, "Delete it if no run is missing.")
    try:
        check_store(Home(root).store)
    except StoreDamaged as error:
        yield Finding("list of runs", Level.WARNING, str(error), "It is rebuilt when the lab is opened.")
    except HomeUnusable as error:
        # The sentence says what to do.
        yield Finding("home", Level.PROBLEM, str(error))
        return
    text = f"{root} {'can be written' if place == root else 'can be made'}; {free_mb / 1000:.1f} GB are free."
    mend = f"Free some space: {SPACE_WANTED_MB / 1000:.0f} GB are comfortable."
    if free_mb < LEAST_SPACE_MB:
        yield Finding("home", Level.PROBLEM, text, mend)
    elif free_mb < SPACE_WANTED_MB:
        yield Finding("home", Level.WARNING, text, mend)
    else:
        yield Finding("home", Level.OK, text)


def check_disk(home: Path) -> Iterator[Finding]:
    """Says whether the home lies on a disk of this machine: the list of runs is kept by SQLite with write-ahead logging.

    SQLite's own documentation asks for a local disk there (https://sqlite.org/wal.html: "does not work over a network").
    """
    # The path as written is looked up without touching the disk: one that does not answer is still named.
    where = Path.cwd() / home.expanduser()
    kind = kind_of_disk(where)
    if kind is None or not is_network(kind, where):
        where = where.resolve()
        kind = kind_of_disk(where)
    if kind is None:
        yield Finding("disk", Level.OK, "Nothing speaks against it: its kind is not known.")
    elif is_network(kind, where):
        text = f"{where} lies on a network disk ({kind}); the list of runs wants a disk of this computer."
        yield Finding("disk", Level.WARNING, text, "Set FLOWERLAB_HOME to a folder on this computer's own disk.")
    else:
        yield Finding("disk", Level.OK, f"The home lies on a disk of this computer ({kind}).")
