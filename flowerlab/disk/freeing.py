"""Freeing the disk: of each thing it is asked once more whether something needs it."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flowerlab.disk.caches import why_photos_stay, why_prepared_stays
from flowerlab.disk.inventory import list_copies, why_run_stays, why_weights_stay
from flowerlab.disk.items import Kind, Thing
from flowerlab.errors import BadInput, FlowerlabError, InUse
from flowerlab.features.sets import KeptSets
from flowerlab.runs.attempts import forget_checkpoints

if TYPE_CHECKING:
    from flowerlab.lab import Lab


@dataclass
class Freed:
    """What came of it.

    Args:
        freed: What is gone, or in the trash.
        stayed: What had to stay, and why.
    """

    freed: list[Thing] = field(default_factory=list)
    stayed: list[tuple[Thing, str]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """That are free now."""
        return sum(thing.bytes for thing in self.freed if thing.kind is not Kind.RUN)

    @property
    def bytes_in_trash(self) -> int:
        """That are free once the trash is emptied."""
        return sum(thing.bytes for thing in self.freed if thing.kind is Kind.RUN)


def free(lab: Lab, things: Iterable[Thing]) -> Freed:
    """Frees what may go: runs go to the trash, everything else for good.

    Args:
        lab: The lab.
        things: As they were measured; that may be a while ago.

    Raises:
        HomeReadOnly: If nothing may be changed in this lab.
    """
    lab.store.check_changeable()
    came = Freed()
    for thing in things:
        try:
            _free(lab, thing)
        except (FlowerlabError, OSError) as error:
            came.stayed.append((thing, str(error)))
        else:
            came.freed.append(thing)
    return came


def _free(lab: Lab, thing: Thing) -> None:
    home, key = lab.home, thing.key
    if thing.kind is Kind.RUN:
        _unless(why_run_stays(lab.store.get(key), lab.store.all()))
        lab.trash.throw(key)
    elif thing.kind is Kind.TRASH:
        lab.trash.delete(key)
    elif thing.kind is Kind.CHECKPOINTS:
        run = lab.store.get(key)
        if not run.state.over:
            raise InUse(f"{run.name!r} is {run.state}: it needs its checkpoints.")
        forget_checkpoints(home.run(key))
    elif thing.kind is Kind.FEATURES:
        if not KeptSets(home).free(key):
            raise InUse("A run that trains uses these features.")
    elif thing.kind is Kind.PREPARED:
        _unless(why_prepared_stays(lab, key))
        shutil.rmtree(home.prepared / key)
    elif thing.kind is Kind.PHOTOS:
        _unless(why_photos_stay(lab, key))
        shutil.rmtree(home.originals / key)
    elif thing.kind is Kind.EMBEDDINGS:
        (home.embeddings / key).unlink(missing_ok=True)
    elif thing.kind is Kind.HASHES:
        (home.hashes / key).unlink(missing_ok=True)
    elif thing.kind is Kind.WEIGHTS:
        _unless(why_weights_stay(lab, key))
        (home.weights / key).unlink(missing_ok=True)
    elif thing.kind is Kind.HALF_WRITTEN:
        # Asked of each file once more: what somebody is at stays.
        home.sweep()
    elif thing.kind is Kind.LIST_COPIES:
        for file in list_copies(home).get(key, []):
            file.unlink(missing_ok=True)
    else:
        raise BadInput(thing.why_not)


def _unless(why: str) -> None:
    if why:
        raise InUse(why)
