"""Hashing photos in the background: once, cancelled, and what cannot be kept."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from flowerlab.datasets import photo_hashes
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.photo_hashes import kept_hashes
from flowerlab.home import Home
from flowerlab.tasks import TaskRunner
from flowerlab.tasks.hash_photos import hash_photos
from tests.support.waiting import until


def test_hashes_are_computed_once_and_can_be_left(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelled, nothing is kept; whole, they are kept and not computed again; a full disk is a sentence."""
    originals, runner, read = gather(home, "garden", Garden(30)), TaskRunner(), photo_hashes.read_grey
    work, go, begun = hash_photos(originals, home), threading.Event(), []

    def reading(data: bytes, side_px: int) -> object:
        begun.append(1)
        assert len(begun) < 3 or go.wait(10)
        return read(data, side_px)

    monkeypatch.setattr(photo_hashes, "read_grey", reading)
    task = runner.start(work)
    assert task.total == 30
    until(lambda: len(begun) == 3)
    runner.cancel(work)
    go.set()
    assert task.wait(10)
    assert (task.error, task.cancelled) == ("It was cancelled before all photos were looked at.", True)
    assert kept_hashes(home, originals) is None
    with monkeypatch.context() as full:
        full.setattr(
            photo_hashes, "replace_file", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        )
        task = runner.start(work)
        assert task.wait(10)
        assert task.error == "The photos could not be looked at. Received: No space left on device."
    task = runner.start(work)
    assert task.wait(10)
    assert task.error == ""
    assert kept_hashes(home, originals) is not None
    monkeypatch.setattr(photo_hashes, "photo_hash", lambda grey: pytest.fail("again"))
    task = runner.start(work)
    assert task.wait(10)
    assert task.error == ""
    runner.close()
