"""Taking a finished run home: its file is written whole or not at all, and over nothing."""

from __future__ import annotations

import re
from pathlib import Path

from flowerlab.errors import BadInput, RunFailed, legible
from flowerlab.export.formats import ExportFormat, Made
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.runs.run import Run
from flowerlab.system.files import check_new_file, scratch_beside
from flowerlab.system.progress import Progress


def has_model(home: Home, run: Run) -> bool:
    """Whether a run is over and has a model: only then there is something to take home."""
    return run.state.over and run.result is not None and home.model(run.id).is_file()


def check_run(home: Home, run: Run) -> None:
    """Checks that there is something to take home.

    Raises:
        RunFailed: If the run is not over, or has no model.
    """
    if not has_model(home, run):
        raise RunFailed(
            f"{run.name!r} has nothing to take home. Expected a run that is over and has a model. Received: {run.id}, {run.state}. "
            "Wait for its end, or choose a run that is done."
        )


def check_target(entry: ExportFormat, target: Path, *, force: bool) -> None:
    """Checks that a file can be written there.

    Raises:
        BadInput: If it cannot.
    """
    if target.suffix.lower() not in entry.suffixes:
        ends = " or ".join(entry.suffixes)
        raise BadInput(f"The file must end in {ends}. Received: {legible(str(target))}. Give it another name.")
    check_new_file(target, BadInput, instead="add --force", force=force)


def take_home(
    lab: Lab, run: Run, entry: ExportFormat, target: Path, *, force: bool = False, progress: Progress = lambda *_: None
) -> Made:
    """Writes a run in one of the formats.

    Raises:
        BadInput: If the file cannot be written there, or the recipe cannot be written down.
        RunFailed: If the run has no model, or it cannot be converted.
        NotAtHand: If photos or weights that belong in a zip are no longer here.
    """
    check_run(lab.home, run)
    check_target(entry, target, force=force)
    with scratch_beside(target) as scratch:
        made = scratch / f"{target.stem}{target.suffix.lower()}"
        about = entry.make(lab, run, made, progress)
        made.replace(target)
    return about


def file_name(run: Run, suffix: str) -> str:
    """Returns a name for a file that every system takes, made from the run's."""
    plain = re.sub(r"[^a-z0-9]+", "-", run.name.lower()).strip("-")[:60].strip("-")
    return f"{plain or 'run'}-{run.id[:4]}{suffix}"
