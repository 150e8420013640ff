"""What lies on the disk, as plain records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What something on the disk is."""

    RUN = "run"  # a run's model, predictions and log
    CHECKPOINTS = "checkpoints"  # with which a run can be trained on
    FEATURES = "features"  # what frozen layers made of photos
    PREPARED = "prepared"  # a data set's photos at one size
    PHOTOS = "photos"  # a data set's photos as they came
    HASHES = "hashes"  # of photos, by which near duplicates are found
    EMBEDDINGS = "embeddings"  # what a run's last hidden layer makes of photos, by which similar ones are found
    OWN_PHOTOS = "own-photos"  # imported
    WEIGHTS = "weights"  # imported
    DOWNLOADS = "downloads"  # what Keras and TensorFlow Datasets have fetched
    TRASH = "trash"  # a run that was deleted
    LIST_COPIES = "list-copies"  # of the list of runs: from before an update, or damaged and put aside
    HALF_WRITTEN = "half-written"  # by a process that is at it, or by one that was killed
    REST = "rest"  # the list of runs, logs


# Made again when they are needed: nothing but time is lost.
CACHES = (Kind.FEATURES, Kind.PREPARED, Kind.PHOTOS, Kind.HASHES, Kind.EMBEDDINGS)


@dataclass(frozen=True)
class Item:
    """One thing on the disk.

    Args:
        key: Names it among those of its kind: a run's id, a folder's name.
        used_s: Unix time of its last use or writing.
        again_s: Seconds in which it would be made again; None if it cannot be, or that is not known.
        why_not: Why it cannot be freed now, as a sentence; empty if it can.
        kept: Whether it is a run that is marked to be kept.
    """

    kind: Kind
    key: str
    title: str
    bytes: int
    used_s: float
    again_s: float | None = None
    why_not: str = ""
    kept: bool = False

    @property
    def name(self) -> str:
        """Kind and key, as the command line takes them."""
        return f"{self.kind}:{self.key}"


@dataclass(frozen=True)
class Usage:
    """All that the lab has on the disk, the largest item first."""

    items: tuple[Item, ...]
    free_bytes: int
    disk_bytes: int

    def of(self, *kinds: Kind) -> list[Item]:
        """Returns the items of some kinds, the largest first."""
        return [item for item in self.items if item.kind in kinds]

    def total(self, *kinds: Kind) -> int:
        """Returns how many bytes the items of some kinds take; without a kind, all that lies in the home."""
        chosen = kinds or tuple(kind for kind in Kind if kind is not Kind.DOWNLOADS)
        return total_of(self.of(*chosen))


@dataclass
class Freed:
    """What came of freeing.

    Args:
        freed: What is gone, or in the trash.
        stayed: What had to stay, each with the reason as a sentence.
    """

    freed: list[Item] = field(default_factory=list)
    stayed: list[tuple[Item, str]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """How many are free now."""
        return total_of(item for item in self.freed if item.kind is not Kind.RUN)

    @property
    def bytes_in_trash(self) -> int:
        """How many will be free once the trash is emptied."""
        return total_of(item for item in self.freed if item.kind is Kind.RUN)


def total_of(items: Iterable[Item]) -> int:
    """Returns how many bytes items take together."""
    return sum(item.bytes for item in items)
