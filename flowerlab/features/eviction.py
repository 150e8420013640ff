"""How much all kept features may take, and which sets go to make room for another."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from pathlib import Path

from flowerlab.features.sets import KeptSets, folder_bytes, read_about
from flowerlab.home import Home

LIMIT_BYTES = 8e9
# Of the free disk, where that is less than the limit.
FREE_SHARE = 0.1
# File that says how many bytes a set will have; there while it is written.
PLANNED = "planned"
LOG = logging.getLogger(__name__)


class CacheFull(Exception):
    """The set is larger than all kept features together may be."""


def limit_of(home: Home, limit_gb: float | None) -> float:
    """Returns how many bytes all sets together may take.

    Args:
        limit_gb: In GB (10⁹ bytes); None: 8, or a tenth of the disk that is free without them, if that is less.
    """
    if limit_gb is not None:
        return limit_gb * 1e9
    kept = sum(one.bytes for one in KeptSets(home).all())
    return min(LIMIT_BYTES, FREE_SHARE * (shutil.disk_usage(home.features).free + kept))


def make_room(home: Home, key: str, size_bytes: int, limit_gb: float | None) -> None:
    """Deletes the least recently used sets until another fits beside the rest.

    Args:
        key: Of the set to come; the caller has its lock.
        limit_gb: See `limit_of`.

    Raises:
        CacheFull: If it would not fit even if all sets went that are not in use; then nothing is deleted.
    """
    sets = KeptSets(home)
    being_written = _drop_dead(home, sets, key)
    limit_bytes = limit_of(home, limit_gb)
    if size_bytes > limit_bytes:
        raise CacheFull(f"{size_bytes / 1e6:,.0f} MB of features are more than the {limit_bytes / 1e6:,.0f} MB kept")
    kept = sets.all()
    staying = being_written + sum(one.bytes for one in kept if sets.used(one.key))
    if staying + size_bytes > limit_bytes:
        raise CacheFull(f"{size_bytes / 1e6:,.0f} MB of features find no room beside those in use")
    total = being_written + sum(one.bytes for one in kept)
    for one in kept:
        if total + size_bytes <= limit_bytes:
            return
        if sets.free(one.key):
            total -= one.bytes


def delete_prepared(home: Home, content: str) -> None:
    """Removes all that was prepared from photos, at whatever size, and the features computed from it.

    Args:
        content: Hash of the photos, `Originals.content`.
    """
    sets = KeptSets(home)
    for about in home.prepared.glob("*/about.json"):
        if json.loads(about.read_bytes())["content"] != content:
            continue
        for computed in sets.all():
            if computed.about.prepared == about.parent.name:
                # One in use goes when its time comes, as the least recently used.
                sets.free(computed.key)
        shutil.rmtree(about.parent)


def _drop_dead(home: Home, sets: KeptSets, key: str) -> int:
    """Deletes what no process will read: sets that do not say what they are, parts that killed trainers left.

    Returns:
        Bytes that the sets which others are writing now will take.
    """
    being_written = 0
    for folder in home.features.iterdir():
        if folder.name.startswith("."):
            its_key = folder.name.split(".")[1]
            if its_key == key or not sets.being_made(its_key):
                shutil.rmtree(folder, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    being_written += max(folder_bytes(folder), _planned(folder))
        elif folder.is_dir() and read_about(folder) is None and not sets.used(folder.name):
            LOG.warning("The folder %s holds no features that can be read; it is deleted.", folder)
            shutil.rmtree(folder, ignore_errors=True)
    return being_written


def _planned(folder: Path) -> int:
    """Returns how large a set that is being written will be; 0 if it does not say."""
    try:
        return int((folder / PLANNED).read_text("ascii"))
    except (OSError, ValueError):
        return 0
