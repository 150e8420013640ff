"""Models in other formats: one process for each conversion, which also checks that the new file answers as Keras does."""

from __future__ import annotations

import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.engine.process import TrainerProcess
from flowerlab.engine.protocol import SUFFIXES, ModelFormat
from flowerlab.home import Home
from flowerlab.settings import Settings

CHECKED_PHOTOS = 50
# Of a probability. Both compute in float32: what differs more is another network.
MOST_DIFFERENCE = 0.01
TIMEOUT_S = 300.0

Photos = Callable[[], NDArray[np.uint8]]


@dataclass
class Converting:
    """How far one conversion is.

    Args:
        error: Why it ended badly, as a sentence; empty otherwise.
        file: What came out, once it is there.
        difference: Largest difference of a probability between the new file and Keras, over the photos that were asked about.
        photos: How many these were.
        over: Set when it has ended.
    """

    error: str = ""
    file: Path | None = None
    difference: float = 0.0
    photos: int = 0
    over: threading.Event = field(default_factory=threading.Event)


class Converter:
    """Converts models of finished runs; what came out is kept as long as the lab is open.

    Args:
        home: For its log.
        settings: Threads and niceness.
    """

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._states: dict[tuple[Path, int, ModelFormat], Converting] = {}
        self._processes: set[TrainerProcess] = set()
        self._folder: Path | None = None
        self._guard = threading.Lock()

    def state(self, model: Path, to: ModelFormat) -> Converting | None:
        """Returns how far a conversion is; None if nobody asked for it since the model was written."""
        return self._states.get(self._key(model, to))

    def start(self, model: Path, to: ModelFormat, photos: Photos) -> Converting:
        """Begins a conversion, unless it is under way or was made.

        Args:
            model: Of a run, as `Home.model` gives it.
            to: The format.
            photos: Gives photos to check the new file with: uint8, (n, height, width, 3), of the model's size. Called once, in
                another thread.
        """
        key = self._key(model, to)
        with self._guard:
            state = self._states.get(key)
            if state is not None and not (state.over.is_set() and state.error):
                return state
            state = self._states[key] = Converting()
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="flowerlab-"))
            folder = Path(tempfile.mkdtemp(dir=self._folder))
        threading.Thread(target=self._convert, args=(model, to, photos, folder, state), daemon=True, name=f"convert-{to}").start()
        return state

    def close(self) -> None:
        """Ends what is under way and drops what was made."""
        for process in list(self._processes):
            process.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _key(self, model: Path, to: ModelFormat) -> tuple[Path, int, ModelFormat]:
        # The time of writing is part of the key: a model that was trained further is converted anew.
        return model, model.stat().st_mtime_ns, to

    def _convert(self, model: Path, to: ModelFormat, photos: Photos, folder: Path, state: Converting) -> None:
        try:
            shown = photos()
            np.save(folder / "photos.npy", shown)
            state.difference = self._ask(model, to, folder)
            state.photos, state.file = len(shown), folder / f"model{SUFFIXES[to]}"
        except _Refused as refusal:
            state.error = str(refusal)
        except Exception as error:
            state.error = f"The model could not be converted ({type(error).__name__}: {error}). Nothing was written."
        finally:
            state.over.set()

    def _ask(self, model: Path, to: ModelFormat, folder: Path) -> float:
        log = self._home.root / "convert.log"
        process = TrainerProcess("convert", self._settings, log)
        self._processes.add(process)
        try:
            process.send({"model": str(model), "to": to, "folder": str(folder), "most": MOST_DIFFERENCE})
            due_s = time.monotonic() + TIMEOUT_S
            while True:
                message = process.messages.get(timeout=max(0.01, due_s - time.monotonic()))
                if message is None:
                    how = process.how_it_ended()
                    raise _Refused(f"The process that converts {how}. Nothing was written. Try again; its log is {log}.")
                if message["kind"] == "error":
                    raise _Refused(message["message"])
                if message["kind"] == "done":
                    return float(message["difference"])
        except queue.Empty:
            raise _Refused(
                f"The model was not converted within {TIMEOUT_S:.0f} s. Nothing was written. The machine may be too busy: try again."
            ) from None
        finally:
            self._processes.discard(process)
            process.kill()


class _Refused(Exception):
    """A conversion that came to nothing; its text is a sentence."""
