"""Models in other formats: one process for each conversion, which also checks that the new file answers as Keras does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.tasks.process import done_by_process
from flowerlab.tasks.task import Task, Work

CHECKED_PHOTOS = 50
# Of a probability. Both compute in float32: what differs more is another network.
MOST_DIFFERENCE = 0.01
TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Converted:
    """What came of a conversion.

    Args:
        file: It lasts as long as the lab is open.
        difference: Largest difference of a probability between the new file and Keras.
    """

    file: Path
    difference: float
    photos: int


def convert_model(
    model: Path, to: str, suffix: str, photos: Callable[[], NDArray[np.uint8]], home: Home, settings: Settings
) -> Work[Converted]:
    """Returns the work of converting a model; it is done once for a file, and again when that was written again.

    Args:
        model: Of a run, as `Home.model` gives it.
        to: The format, which the trainer's converter knows.
        photos: Gives photos to check the new file with: uint8, (n, height, width, 3), of the model's size. Called once, in another
            thread.
    """
    log = home.root / "convert.log"

    def do(task: Task[Converted]) -> Converted:
        folder = Path(task.kept.enter_context(tempfile.TemporaryDirectory(prefix="flowerlab-", ignore_cleanup_errors=True)))
        shown = photos()
        checked, file = folder / "photos.npy", folder / f"model{suffix}"
        np.save(checked, shown)
        answer = done_by_process(
            task,
            "convert",
            {"model": str(model), "to": to, "file": str(file), "photos": str(checked), "most": MOST_DIFFERENCE},
            settings=settings,
            log=log,
            ended=lambda how: f"The process that converts {how}. Nothing was written. Try again; its log is {log}.",
            timeout_s=TIMEOUT_S,
            late=f"The model was not converted within {TIMEOUT_S:.0f} s. Nothing was written. The machine may be too busy: try again.",
        )
        return Converted(file, float(answer["difference"]), len(shown))

    return Work(
        ("convert", model, model.stat().st_mtime_ns, to),
        do,
        cancelled="The conversion was cancelled. Nothing was written.",
        failed="The model could not be converted ({error}). Nothing was written.",
        once=True,
    )
