"""The gatherer's one task: bring one data set into the lab, and features of it if asked, saying how far it is."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Original
from flowerlab.datasets.sources.tfds import TfdsSource
from flowerlab.engine.protocol import Job
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.system.filesystems import no_room
from flowerlab.system.progress import Progress
from flowerlab.trainer.channel import Lines


def main(file: TextIO) -> int:
    """Reads one request (`{"dataset", "home", "garden", "features": [jobs]}`), gathers, says `done` or `error`, and ends."""
    lines = Lines(file)
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_leave_when_stdin_closes, daemon=True, name="stdin").start()

    def progress(step: str, done: int, total: int) -> None:
        lines.write({"kind": "progress", "step": step, "done": done, "total": total})

    home = Home(Path(request["home"]))
    try:
        gather(home, request["dataset"], Garden(**request["garden"]), progress=progress, read_tfds=_read_tfds)
        _keep_features(home, request["features"], progress)
    except FlowerlabError as error:
        lines.write({"kind": "error", "message": str(error)})
        return 1
    except Exception as error:
        with contextlib.suppress(OSError):
            traceback.print_exc(file=sys.stderr)
        why = "the disk is full" if no_room(error) else f"{type(error).__name__}: {error}"
        lines.write({"kind": "error", "message": f"The data set could not be gathered ({why}). Nothing of it was kept."})
        return 1
    lines.write({"kind": "done"})
    return 0


def _read_tfds(source: TfdsSource, progress: Progress) -> Iterable[Original]:
    # TensorFlow is loaded only for the data set that needs it: the garden is drawn without.
    from flowerlab.trainer.tfds import read_tfds

    return read_tfds(source, progress)


def _keep_features(home: Home, jobs: list[dict[str, Any]], progress: Progress) -> None:
    if not jobs:
        return
    from flowerlab.trainer.attempt import keep_features
    from flowerlab.trainer.startup import start_up

    start_up()
    for job in jobs:
        keep_features(Job.model_validate(job), home, progress)


def _leave_when_stdin_closes() -> None:
    while sys.stdin.readline():
        pass
    os._exit(1)
