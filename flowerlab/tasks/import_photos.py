"""Importing one's own photos in the background: checked and copied, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from flowerlab.datasets.folder_checks import FolderInfo
from flowerlab.datasets.import_folder import import_folder
from flowerlab.tasks.task import Task, TaskFailed, Work

STEP = "Checking and copying the photos"


def import_photos(source: Path, name: str, folders: Path, *, temporary: bool) -> Work[FolderInfo]:
    """Returns the work of importing photos.

    Args:
        temporary: Whether `source` is deleted afterwards, whatever came of it: it is an upload.
    """

    def do(task: Task[FolderInfo]) -> FolderInfo:
        try:
            return import_folder(source, folders, name, progress=lambda done, total: task.say(STEP, done, total))
        except OSError as error:
            raise TaskFailed(
                f"The photos could not be copied ({error.strerror}). Is the disk full, or the folder locked?"
            ) from None

    def drop() -> None:
        if temporary:
            source.unlink(missing_ok=True)

    return Work(
        ("import", source, name),
        do,
        cancelled="It was cancelled before all photos were copied; nothing was kept.",
        failed="The photos could not be imported ({error}). Nothing was changed.",
        step=STEP,
        afterwards=drop,
    )
