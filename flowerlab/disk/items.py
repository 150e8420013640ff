"""What lies on the disk, as plain records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
    OWN_PHOTOS = "own-photos"  # imported by somebody
    WEIGHTS = "weights"  # imported by somebody
    DOWNLOADS = "downloads"  # what Keras and TensorFlow Datasets have fetched
    TRASH = "trash"  # a run that was deleted
    LIST_COPIES = "list-copies"  # of the list of runs: from before an update, or damaged and put aside
    HALF_WRITTEN = "half-written"  # by somebody who is at it, or by a process that was killed
    REST = "rest"  # the list of runs, logs


# Made again when they are needed: nothing but time is lost.
CACHES = (Kind.FEATURES, Kind.PREPARED, Kind.PHOTOS, Kind.HASHES, Kind.EMBEDDINGS)


@dataclass(frozen=True)
class Thing:
    """One thing on the disk.

    Args:
        kind: What it is.
        key: Names it among those of its kind: a run's id, a folder's name.
        title: For people.
        bytes: That it takes.
        used_s: Unix time of its last use or writing.
        again_s: Seconds in which it would be made again; None if it cannot be, or nobody knows.
        why_not: Why it cannot be freed here, as a sentence; empty if it can.
        kept: Whether it is a run that somebody has marked to be kept.
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
    """All that the lab has on the disk.

    Args:
        things: The largest first.
        free_bytes: Of the disk that the home lies on.
        disk_bytes: Of that disk in all.
        measured_s: Unix time.
    """

    things: tuple[Thing, ...]
    free_bytes: int
    disk_bytes: int
    measured_s: float

    def of(self, *kinds: Kind) -> list[Thing]:
        """Returns the things of some kinds, the largest first."""
        return [thing for thing in self.things if thing.kind in kinds]

    def total(self, *kinds: Kind) -> int:
        """Returns how many bytes the things of some kinds take; without a kind, all that lies in the home."""
        chosen = kinds or tuple(kind for kind in Kind if kind is not Kind.DOWNLOADS)
        return total_of(self.of(*chosen))


def total_of(things: Iterable[Thing]) -> int:
    """Returns how many bytes things take together."""
    return sum(thing.bytes for thing in things)
