"""Where an attempt at a run works: a folder of its own, which the next attempt takes away from it.

A trainer that was frozen, superseded and thawed still believes that the run is its own. It knows its folder by name; the next
attempt gives that folder another name before it uses what lies in it. From then on the old one can neither write a checkpoint nor
put a model into place: the operating system finds no such folder.
"""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

from flowerlab.errors import RunFailed
from flowerlab.runs.checkpoints import TrainingState, move_checkpoints, read_state
from flowerlab.system.files import sync_file, sync_folder

NAME = re.compile(r"(attempt|left)-(\d+)")


class AttemptFolder:
    """The folder in which one attempt writes, in the run's folder."""

    def __init__(self, run: Path, attempt: int) -> None:
        self._run = run
        self.folder = run / f"attempt-{attempt}"

    def publish(self, *names: str) -> None:
        """Puts finished files into the run's folder, in the place of older ones.

        Raises:
            OSError: If another attempt has taken over.
        """
        for name in names:
            # What has its final name is whole, also after the power failed.
            sync_file(self.folder / name)
            (self.folder / name).replace(self._run / name)
        sync_folder(self._run)


def claim(run: Path, attempt: int) -> AttemptFolder:
    """Makes an attempt's folder, with the checkpoints of the attempts before it, which can write no more.

    Raises:
        RunFailed: If a later attempt has taken over already.
    """
    place = AttemptFolder(run, attempt)
    # Made before the others are listed: of two attempts that begin at once, one sees the other.
    place.folder.mkdir(parents=True, exist_ok=True)
    for number, folder in _others(run, attempt):
        if number > attempt:
            shutil.rmtree(place.folder, ignore_errors=True)
            raise RunFailed(f"Attempt {number} has taken over this run. Received: attempt {attempt}, which is too late.")
        left = run / f"left-{number}"
        if folder != left:
            with contextlib.suppress(FileNotFoundError):
                folder.rename(left)
        move_checkpoints(left, place.folder)
        shutil.rmtree(left, ignore_errors=True)
    return place


def left_behind(run: Path) -> TrainingState | None:
    """Returns how far the newest checkpoint in a run's folder is; None if there is none."""
    states = [state for _, folder in _others(run, 0) if (state := read_state(folder)) is not None]
    return max(states, key=lambda state: state.epochs_run, default=None)


def forget_checkpoints(run: Path) -> None:
    """Removes a run's checkpoints; its model and its predictions stay. No trainer may be at work on it.

    Raises:
        OSError: If one cannot be removed.
    """
    for _, folder in _others(run, 0):
        shutil.rmtree(folder)


def newest_attempt(run: Path) -> int:
    """Returns the highest number of an attempt whose folder is still in a run's; 0 if none is."""
    return max((number for number, _ in _others(run, 0)), default=0)


def attempt_folders(run: Path) -> list[Path]:
    """Returns the folders of all attempts at a run that are still there."""
    return [folder for _, folder in _others(run, 0)]


def _others(run: Path, attempt: int) -> list[tuple[int, Path]]:
    """Returns (number, folder) of all attempts but this one, the newest first; what is `left` of one, before the rest of it."""
    found = [(int(match[2]), path) for path in run.glob("*-*") if (match := NAME.fullmatch(path.name))]
    return sorted((one for one in found if one[0] != attempt), key=lambda one: (-one[0], one[1].name != f"left-{one[0]}"))
