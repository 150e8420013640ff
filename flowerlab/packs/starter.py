"""The starter classifier: a finished run that comes with Flowerlab, as a lesson pack beside this file.

A home gets it once, when it is first opened; where it is deleted, it does not come back unasked. How it was made and what it
reaches: docs/models/starter.md.
"""

from __future__ import annotations

import logging
from pathlib import Path

from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.store import Store
from flowerlab.system.files import replace_file
from flowerlab.system.locks import waiting_for

PACK = Path(__file__).parent / "starter.zip"
# The run's id: another starter has another, and comes beside an older one.
STARTER_ID = "5eed00000001"
LOG = logging.getLogger(__name__)


def bring_starter(home: Home, store: Store, *, again: bool = False) -> bool:
    """Puts the starter into a home that never had it; returns whether it did.

    A home without room for it, or a damaged pack, must not keep a lab from opening: the log says what was wrong.

    Raises:
        HomeReadOnly: If nothing can be changed in this home.
    """
    store.check_changeable()
    mark = home.root / f"starter-{STARTER_ID}"
    if not PACK.exists() or (mark.exists() and not again):
        return False
    # Needed in a new home alone; the others open without it.
    from flowerlab.packs.unpacking import unpack

    with waiting_for(home.locks / "starter"):
        if mark.exists() and not again:
            return False
        try:
            brought = unpack(PACK, home, store).brought
        except (FlowerlabError, OSError):
            LOG.exception("The starter classifier could not be put into the lab.")
            return False
        replace_file(mark, b"")
    return bool(brought)
