"""How much finished runs may keep to be trained on: the runs that ended first lose theirs first."""

from __future__ import annotations

import logging

from flowerlab.disk.retention import remember_checkpoints
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.runs.attempts import attempt_folders, forget_checkpoints
from flowerlab.runs.run import Run
from flowerlab.store import Store
from flowerlab.system.files import bytes_of

LOG = logging.getLogger(__name__)


def bound_checkpoints(home: Home, store: Store, most_bytes: float) -> None:
    """Removes what finished runs keep to be trained on, where it is too much; of the others it is all that there is."""
    try:
        # Not by the clock, which may have been set back.
        for run in store.latest_ends():
            if run.result is None:
                continue
            taken = sum(bytes_of(folder) for folder in attempt_folders(home.run(run.id)))
            most_bytes -= taken
            if taken and most_bytes < 0 and store.get(run.id).state.over:
                forget(home, run, taken)
    except (OSError, FlowerlabError):
        # The end of the run was taken; the next one's end tries again.
        LOG.exception("The checkpoints of finished runs could not be bounded.")


def forget(home: Home, run: Run, taken: int) -> None:
    """Takes from a finished run what it could be trained on with, and writes it down first: nothing goes in silence."""
    try:
        remember_checkpoints(home, run.name, taken)
    except OSError:
        # A full disk: what goes makes the room for the words.
        forget_checkpoints(home.run(run.id))
        remember_checkpoints(home, run.name, taken)
    else:
        forget_checkpoints(home.run(run.id))
