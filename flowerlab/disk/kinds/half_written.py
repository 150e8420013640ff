"""What is being written, or was left by a process that was killed."""

from __future__ import annotations

import time

from flowerlab.disk.items import Item, Kind, total_of
from flowerlab.disk.kinds.kind import DiskKind, item_of
from flowerlab.home import SWEPT_AFTER_S, Home

AT_IT = "Somebody may still be writing them. A day later they go by themselves, when the lab is opened."


def half_written(home: Home) -> DiskKind:
    """All of it is one item, as no file of it has a name that people know."""

    def listed() -> list[Item]:
        found = [item_of(Kind.HALF_WRITTEN, path, path.name) for path in home.half_written()]
        newest_s = max((item.used_s for item in found), default=0.0)
        return [Item(Kind.HALF_WRITTEN, "all", "Files that were begun", total_of(found), newest_s)]

    def blocked_by() -> dict[str, str]:
        return {"all": AT_IT} if time.time() - listed()[0].used_s < SWEPT_AFTER_S else {}

    return DiskKind(Kind.HALF_WRITTEN, listed, lambda key: home.sweep(), blocked_by)
