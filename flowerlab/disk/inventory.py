"""Measuring: how much each run and each cache takes, and whether it may go."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flowerlab.architectures.pretrained import keras_home
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.sources.tfds import TfdsSource
from flowerlab.disk.caches import caches
from flowerlab.disk.items import Kind, Thing, Usage
from flowerlab.errors import FlowerlabError
from flowerlab.home import SWEPT_AFTER_S, Home
from flowerlab.runs.attempts import workplaces
from flowerlab.runs.run import Run, RunState
from flowerlab.store.copying import asides, with_logs
from flowerlab.store.schema import backups
from flowerlab.system.files import bytes_of

if TYPE_CHECKING:
    from flowerlab.lab import Lab


def measure(lab: Lab) -> Usage:
    """Looks at every file of the lab. It takes a while where there are many: pages ask a `Meter`."""
    runs = lab.store.all()
    things = [
        *(thing for run in runs for thing in _of_run(lab.home, run, runs)),
        *caches(lab),
        *_own(lab),
        *_half_written(lab.home),
        *_list_copies(lab.home),
        *_trash(lab),
        *_downloads(),
    ]
    things.append(_rest(lab.home, {run.id for run in runs}))
    disk = shutil.disk_usage(lab.home.root)
    found = sorted((thing for thing in things if thing.bytes), key=lambda thing: -thing.bytes)
    return Usage(tuple(found), disk.free, disk.total, time.time())


def _of_run(home: Home, run: Run, runs: list[Run]) -> Iterator[Thing]:
    folder = home.run(run.id)
    if not folder.exists():
        return
    checkpoints = sum(bytes_of(place) for place in workplaces(folder))
    used_s = run.ended_s or run.created_s
    why_not = why_run_stays(run, runs)
    yield Thing(Kind.RUN, run.id, run.name, bytes_of(folder) - checkpoints, used_s, why_not=why_not, kept=run.kept)
    if checkpoints:
        yield Thing(Kind.CHECKPOINTS, run.id, run.name, checkpoints, used_s, why_not=_why_it_trains(run))


def why_run_stays(run: Run, runs: list[Run]) -> str:
    """Says why a run cannot go to the trash; empty if it can."""
    if not run.state.over:
        return _why_it_trains(run)
    follower = next((one for one in runs if one.recipe.start_from == run.id and not one.state.over), None)
    return "" if follower is None else f"{follower.name!r} starts from it and is not done."


def _why_it_trains(run: Run) -> str:
    if run.state.over:
        return ""
    return "It waits to be trained." if run.state is RunState.QUEUED else f"It is {run.state}."


def _own(lab: Lab) -> Iterator[Thing]:
    there = "Somebody brought these photos: the Data page deletes them."
    for folder in _folders(lab.home.folders):
        yield Thing(Kind.OWN_PHOTOS, folder.name, folder.name, bytes_of(folder), _written_s(folder), why_not=there)
    for file in lab.home.weights.iterdir():
        if file.is_file() and not file.name.startswith("."):
            why_not = why_weights_stay(lab, file.name)
            yield Thing(Kind.WEIGHTS, file.name, file.name, file.stat().st_size, _written_s(file), why_not=why_not)


def why_weights_stay(lab: Lab, name: str) -> str:
    """Says why a weights file that somebody brought cannot go; empty if it can: runs that are over have their own weights."""
    needing = (run for run in lab.store.unfinished() if run.recipe.weights == f"file:{name}")
    run = next(needing, None)
    return "" if run is None else f"{run.name!r} begins with it."


def _half_written(home: Home) -> Iterator[Thing]:
    found = [(bytes_of(path), _written_s(path)) for path in home.half_written()]
    if not found:
        return
    newest_s = max(written_s for _, written_s in found)
    at_it = time.time() - newest_s < SWEPT_AFTER_S
    why_not = "Somebody may still be writing them. A day later they go by themselves, when the lab is opened." if at_it else ""
    title = "Files that were begun"
    yield Thing(Kind.HALF_WRITTEN, "all", title, sum(size for size, _ in found), newest_s, why_not=why_not)


def list_copies(home: Home) -> dict[str, list[Path]]:
    """Returns the copies of the list of runs by name, each with what lies beside it."""
    return {copy.name: with_logs(copy) for copy in (*backups(home.store), *asides(home.store))}


def _list_copies(home: Home) -> Iterator[Thing]:
    for name, files in list_copies(home).items():
        yield Thing(Kind.LIST_COPIES, name, name, sum(file.stat().st_size for file in files), _written_s(files[0]))


def _trash(lab: Lab) -> Iterator[Thing]:
    for thrown in lab.trash.all():
        yield Thing(Kind.TRASH, thrown.key, thrown.name, thrown.bytes, thrown.thrown_s)


def _downloads() -> Iterator[Thing]:
    """What lies outside the home, where other programs may use it too."""
    try:
        tfds = [entry.source.folder for entry in DATASETS.values() if isinstance(entry.source, TfdsSource)]
        downloads = {"Keras": [keras_home() / "models"], "TensorFlow Datasets": tfds}
    except FlowerlabError:
        # The folder is of somebody who is not known here; whoever needs it will say so.
        return
    for title, folders in downloads.items():
        if here := [place for place in folders if place.is_dir()]:
            why_not = f"Other programs may use it too. Who needs it no more deletes it by hand: {', '.join(map(str, here))}"
            yield Thing(Kind.DOWNLOADS, title, title, sum(map(bytes_of, here)), max(map(_written_s, here)), why_not=why_not)


def _rest(home: Home, run_ids: set[str]) -> Thing:
    """The list of runs, logs, settings, and folders of no run."""
    copies = {file for files in list_copies(home).values() for file in files}
    taken = sum(path.stat().st_size for path in home.root.iterdir() if path.is_file() and path not in copies)
    taken += bytes_of(home.locks)
    # Of a run whose way into the trash was cut short, the trash counts what stayed.
    strays = [path for path in home.runs.iterdir() if path.name not in run_ids]
    taken += sum(bytes_of(path) for path in strays if not any(home.trash.glob(f"{path.name}-*")))
    why_not = "The list of runs, logs and the like: the lab needs them."
    return Thing(Kind.REST, "rest", "List of runs, logs", taken, time.time(), why_not=why_not)


def _folders(place: Path) -> Iterator[Path]:
    yield from (path for path in place.iterdir() if path.is_dir() and not path.name.startswith("."))


def _written_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
