"""Whether a waiting run can begin now; one that never will is ended with the reason."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from flowerlab.errors import FlowerlabError, NoRoom
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.events import End
from flowerlab.runs.run import Run
from flowerlab.store import Store

LOG = logging.getLogger(__name__)


def can_begin(store: Store, home: Home, run: Run, check_disk: Callable[[Recipe], None]) -> bool:
    """Returns whether a run can begin: what it starts from has its model, and the disk has room."""
    return (run.recipe.start_from is None or _source_is_ready(store, run)) and _disk_suffices(store, home, run, check_disk)


def _source_is_ready(store: Store, run: Run) -> bool:
    source = next((source for source in store.all() if source.id == run.recipe.start_from), None)
    if source is not None and source.result is not None:
        return True
    if source is None or source.state.over:
        name = run.recipe.start_from if source is None else source.name
        message = f"The run that it starts from ({name}) has no model. Train that one first, then this one again."
        store.append(End(run_id=run.id, attempt=store.begin_attempt(run.id), state="failed", message=message))
    return False


def _disk_suffices(store: Store, home: Home, run: Run, check_disk: Callable[[Recipe], None]) -> bool:
    """Whether the disk has room for a run; ends it if not: a full disk would end it in the middle."""
    try:
        check_disk(run.recipe)
    except NoRoom as error:
        # What it has learnt stays, and it can go on once there is room.
        state: Literal["interrupted", "failed"] = "failed" if left_behind(home.run(run.id)) is None else "interrupted"
        store.append(End(run_id=run.id, attempt=store.begin_attempt(run.id), state=state, message=str(error)))
        return False
    except (FlowerlabError, OSError) as error:
        # Photos that are gone, for example: the trainer finds the words.
        LOG.info("How much disk run %s needs is not known (%s).", run.id, error)
    return True
