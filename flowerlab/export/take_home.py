"""What can be taken home from a finished run, and writing it to a file: whole or not at all, and over nothing."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.engine.protocol import ModelFormat
from flowerlab.errors import BadInput, RunFailed, legible
from flowerlab.export.card import card
from flowerlab.export.notebook import notebook
from flowerlab.export.program.program import Program, Progress, program_of_run
from flowerlab.export.program.script import script
from flowerlab.lab import Lab
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import Run
from flowerlab.system.files import scratch_beside
from flowerlab.tasks import Work
from flowerlab.tasks.convert_model import CHECKED_PHOTOS, Converted, convert_model


class Kind(StrEnum):
    """What one can take home."""

    KERAS = "keras"  # the model, for Keras
    LITERT = "litert"  # the model, for phones and small computers
    SCRIPT = "script"  # the recipe as a program in plain Keras
    NOTEBOOK = "notebook"  # the same as a Jupyter notebook
    CARD = "card"  # recipe, figures and plots on one page


# The endings that a file may have; a zip brings along what must lie beside a program.
ENDINGS: dict[Kind, tuple[str, ...]] = {
    Kind.KERAS: (".keras",),
    Kind.LITERT: (".tflite",),
    Kind.SCRIPT: (".zip", ".py"),
    Kind.NOTEBOOK: (".zip", ".ipynb"),
    Kind.CARD: (".html",),
}
ARCHIVE_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class TakenHome:
    """A file that was written.

    Args:
        path: Of the file.
        bytes: Its size.
        difference: Of a converted model: largest difference of a probability from Keras' own, over some photos.
        photos: How many these were.
        lacks: What must be laid beside a program that was written alone.
    """

    path: Path
    bytes: int
    difference: float | None = None
    photos: int = 0
    lacks: tuple[str, ...] = ()


def check_run(lab: Lab, run: Run) -> None:
    """Checks that there is something to take home.

    Raises:
        RunFailed: If the run is not over, or has no model.
    """
    if not run.state.over or run.result is None or not lab.home.model(run.id).is_file():
        raise RunFailed(
            f"{run.name!r} has nothing to take home. Expected a run that is over and has a model. Received: {run.id}, {run.state}. "
            "Wait for its end, or choose a run that is done."
        )


def check_target(kind: Kind, target: Path, *, force: bool) -> None:
    """Checks that a file can be written there.

    Args:
        kind: What is taken home; decides the ending.
        target: The file to be.
        force: Whether a file that is there may be replaced.

    Raises:
        BadInput: If it cannot.
    """
    received = f"Received: {legible(str(target))}."
    if target.suffix.lower() not in ENDINGS[kind]:
        raise BadInput(f"The file must end in {' or '.join(ENDINGS[kind])}. {received} Give it another name.")
    try:
        is_dir, taken, has_place = target.is_dir(), target.exists(), target.parent.is_dir()
    except OSError as error:
        raise BadInput(f"No file can be made there ({error.strerror}). {received} Choose another name.") from None
    if is_dir:
        raise BadInput(f"There is a folder of this name. Expected a file. {received} Choose another name.")
    if taken and not force:
        raise BadInput(f"There is a file of this name already. {received} Choose another name, or add --force.")
    if not has_place:
        raise BadInput(f"There is no such folder. Expected one that exists. {received} Check the path.")


def take_home(
    lab: Lab, run: Run, kind: Kind, target: Path, *, force: bool = False, progress: Progress = lambda *_: None
) -> TakenHome:
    """Writes one of the things that can be taken home from a run.

    Args:
        lab: The lab.
        run: A finished one.
        kind: What.
        target: The file to be; its ending must be one of `ENDINGS`.
        force: Whether a file that is there is replaced.
        progress: Called with (step, done, total); may raise to give up, which leaves nothing behind.

    Raises:
        BadInput: If the file cannot be written there, or the recipe cannot be written down.
        RunFailed: If the run has no model, or it cannot be converted.
        NotAtHand: If photos or weights that belong in a zip are no longer here.
    """
    check_run(lab, run)
    check_target(kind, target, force=force)
    converted: Converted | None = None
    lacks: tuple[str, ...] = ()
    with scratch_beside(target) as scratch:
        made = scratch / f"made{target.suffix.lower()}"
        if kind is Kind.CARD:
            made.write_text(card(lab, run), encoding="utf-8")
        elif kind in (Kind.SCRIPT, Kind.NOTEBOOK):
            lacks = _write_program(program_of_run(lab, run), kind, made, target.stem, progress)
        elif kind is Kind.KERAS and lab.home.model(run.id).suffix == ".keras":
            shutil.copyfile(lab.home.model(run.id), made)
        else:
            progress("Converting the model", 0, 0)
            task = lab.tasks.start(conversion(lab, run, "keras" if kind is Kind.KERAS else "litert"))
            task.wait()
            if (converted := task.result) is None:
                raise RunFailed(task.error)
            shutil.copyfile(converted.file, made)
        made.replace(target)
    size = target.stat().st_size
    if converted is None:
        return TakenHome(target, size, lacks=lacks)
    return TakenHome(target, size, converted.difference, converted.photos)


def conversion(lab: Lab, run: Run, to: ModelFormat) -> Work[Converted]:
    """Returns the work of converting a run's model."""
    return convert_model(lab.home.model(run.id), to, _photos_to_check(lab, run), lab.home, lab.settings)


def file_name(run: Run, ending: str) -> str:
    """Returns a name for a file that every system bears, made from the run's."""
    plain = re.sub(r"[^a-z0-9]+", "-", run.name.lower()).strip("-")[:60].strip("-")
    return f"{plain or 'run'}-{run.id[:4]}{ending}"


def _write_program(program: Program, kind: Kind, made: Path, stem: str, progress: Progress) -> tuple[str, ...]:
    """Writes a program, alone or with all that belongs beside it; returns what must be laid beside it."""
    as_notebook = kind is Kind.NOTEBOOK
    text = (notebook if as_notebook else script)(program.stages, name=program.name, remark=program.remark)
    if made.suffix != ".zip":
        made.write_text(text, encoding="utf-8")
        return program.beside
    program.check_companions()
    with zipfile.ZipFile(made, "x", zipfile.ZIP_STORED) as archive:
        archive.writestr(_entry(f"{stem}{'.ipynb' if as_notebook else '.py'}"), text)
        for name, source in program.companions(progress):
            archive.writestr(_entry(name), source.read_bytes() if isinstance(source, Path) else source)
    return ()


def _entry(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, ARCHIVE_DATE)
    info.external_attr = 0o100644 << 16
    return info


def _photos_to_check(lab: Lab, run: Run) -> Callable[[], NDArray[np.uint8]]:
    """Returns what gives photos to ask both models about: test photos of the run if they are here, else drawn flowers."""
    recipe = run.recipe

    def photos() -> NDArray[np.uint8]:
        found = _test_photos(lab, run) or _drawn()
        return np.stack([resize_photo(read_photo(data), recipe.image_size, recipe.resize) for data in found])

    return photos


def _test_photos(lab: Lab, run: Run) -> list[bytes]:
    originals, stored = run_photos(lab.home, lab.store, lab.data, run), load_predictions(lab.home.run(run.id))
    if originals is None or stored is None:
        return []
    places = [originals.positions.get(str(photo_id)) for photo_id in stored["test_ids"][:CHECKED_PHOTOS]]
    found = [originals.data(place) for place in places if place is not None]
    return found if len(found) == CHECKED_PHOTOS else []


def _drawn() -> list[bytes]:
    # The web process never draws at its start.
    from flowerlab.datasets.garden.pictures import draw_original

    return [draw_original(number).data for number in range(CHECKED_PHOTOS)]
