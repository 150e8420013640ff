"""Importing photos in the background: what came of it, cancelled, and what cannot be copied."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowerlab.datasets import import_folder as importing
from flowerlab.home import Home
from flowerlab.tasks import TaskRunner
from flowerlab.tasks.import_photos import import_photos
from tests.support.photos import write_leaves
from tests.support.waiting import until


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    """A runner of tasks."""
    made = TaskRunner()
    yield made
    made.close()


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    """A zip of photos, which lies there for the import alone."""
    return Path(shutil.make_archive(str(tmp_path / "upload"), "zip", write_leaves(tmp_path / "source")))


def test_an_upload_is_imported_and_then_gone(runner: TaskRunner, home: Home, upload: Path) -> None:
    """The result says what was brought; the upload is not kept. Deleted, the data set can be imported again."""
    task = runner.start(import_photos(upload, "leaves", home.folders, temporary=True))
    assert task.wait(30)
    assert (task.error, task.step) == ("", "Checking and copying the photos")
    assert task.result is not None
    assert (task.result.name, len(task.result.classes), task.done) == ("leaves", len(task.result.classes), task.total)
    assert (home.folders / "leaves").is_dir()
    assert not upload.exists()


def test_a_cancelled_import_leaves_nothing(runner: TaskRunner, home: Home, upload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a data set nor half of one, nor the upload."""
    copy, go, copied = importing._copy, threading.Event(), []
    work = import_photos(upload, "leaves", home.folders, temporary=True)

    def slow(*given: object) -> None:
        copied.append(copy(*given))  # type: ignore[arg-type]
        assert len(copied) < 3 or go.wait(10)

    monkeypatch.setattr(importing, "_copy", slow)
    task = runner.start(work)
    until(lambda: len(copied) == 3)
    runner.cancel(work)
    go.set()
    assert task.wait(30)
    assert (task.error, task.cancelled) == ("It was cancelled before all photos were copied; nothing was kept.", True)
    assert list(home.folders.iterdir()) == []
    assert not upload.exists()


def test_a_full_disk_is_a_sentence(runner: TaskRunner, home: Home, upload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what may be the matter; what is no upload stays where it is."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(importing, "_copy", full)
    task = runner.start(import_photos(upload, "leaves", home.folders, temporary=False))
    assert task.wait(30)
    assert task.error == "The photos could not be copied (No space left on device). Is the disk full, or the folder locked?"
    assert upload.exists()


def test_an_upload_that_comes_while_the_lab_closes_is_gone_too(runner: TaskRunner, home: Home, upload: Path) -> None:
    """Cancelled before it began, an import leaves no upload behind and brings nothing."""
    runner.close()
    task = runner.start(import_photos(upload, "leaves", home.folders, temporary=True))
    assert task.wait(10)
    assert task.cancelled
    assert not upload.exists()
    assert not (home.folders / "leaves").exists()
