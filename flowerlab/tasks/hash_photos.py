"""Hashing a data set's photos in the background, so that a page can show how far it is and be left."""

from __future__ import annotations

from flowerlab.datasets import photo_hashes
from flowerlab.datasets.originals import Originals
from flowerlab.home import Home
from flowerlab.tasks.task import Task, Work

STEP = "Looking for photos that show the same"


def hash_photos(originals: Originals, home: Home) -> Work[None]:
    """Returns the work of computing and keeping the hashes of photos; Pillow leaves the interpreter to others while it decodes."""

    def do(task: Task[None]) -> None:
        if photo_hashes.kept_hashes(home, originals) is None:
            photo_hashes.hash_photos(home, originals, lambda done, total: task.say(STEP, done, total))

    return Work(
        ("hash", originals.content),
        do,
        cancelled="It was cancelled before all photos were looked at.",
        failed="The photos could not be looked at. Received: {error}.",
        step=STEP,
        total=len(originals),
    )
