"""Runs, the checkpoints with which they can be trained on, and runs in the trash."""

from __future__ import annotations

from collections.abc import Iterator

from flowerlab.disk.items import Item, Kind
from flowerlab.disk.kinds.kind import DiskKind
from flowerlab.disk.trash import Trash
from flowerlab.home import Home
from flowerlab.runs.attempts import attempt_folders, forget_checkpoints
from flowerlab.runs.run import Run, RunState
from flowerlab.store import Store
from flowerlab.system.files import bytes_of


def runs(home: Home, store: Store, trash: Trash) -> DiskKind:
    """A run's model, predictions and log."""

    def listed() -> Iterator[Item]:
        for run in store.all():
            taken = bytes_of(home.run(run.id)) - _checkpoint_bytes(home, run)
            yield Item(Kind.RUN, run.id, run.name, taken, run.ended_s or run.created_s, kept=run.kept)

    def blocked_by() -> dict[str, str]:
        waiting = store.unfinished()
        followed = {run.recipe.start_from: f"{run.name!r} starts from it and is not done." for run in waiting}
        return {key: why for key, why in followed.items() if key is not None} | {run.id: _why_it_trains(run) for run in waiting}

    return DiskKind(Kind.RUN, listed, trash.throw, blocked_by)


def checkpoints(home: Home, store: Store) -> DiskKind:
    """What a run needs to be trained on."""

    def listed() -> Iterator[Item]:
        for run in store.all():
            taken = _checkpoint_bytes(home, run)
            yield Item(Kind.CHECKPOINTS, run.id, run.name, taken, run.ended_s or run.created_s)

    def blocked_by() -> dict[str, str]:
        return {run.id: _why_it_trains(run) for run in store.unfinished()}

    return DiskKind(Kind.CHECKPOINTS, listed, lambda key: forget_checkpoints(home.run(key)), blocked_by)


def trashed(trash: Trash) -> DiskKind:
    """Runs that were deleted; freed, they are gone for good."""

    def listed() -> list[Item]:
        return [Item(Kind.TRASH, run.key, run.name, run.bytes, run.thrown_s) for run in trash.all()]

    return DiskKind(Kind.TRASH, listed, trash.delete)


def _why_it_trains(run: Run) -> str:
    return "It waits to be trained." if run.state is RunState.QUEUED else f"It is {run.state}."


def _checkpoint_bytes(home: Home, run: Run) -> int:
    return sum(bytes_of(place) for place in attempt_folders(home.run(run.id)))
