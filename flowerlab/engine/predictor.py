"""The predictor: one resident process that classifies photos, so that they are answered while a run trains."""

from __future__ import annotations

import base64
import itertools
import queue
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.engine.supervise import TrainerProcess
from flowerlab.errors import PredictorFailed
from flowerlab.home import Home
from flowerlab.settings import Settings

PHOTOS_A_REQUEST = 64
TIMEOUT_S = 120.0


class Predictor:
    """Starts its process at the first question (or at `warm`), and again if it has gone.

    Args:
        home: For its log.
        settings: Threads and niceness.
    """

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._process: TrainerProcess | None = None
        self._ids = itertools.count(1)
        self._guard = threading.Lock()
        self._closed = False

    def warm(self, model: Path | None = None, size: tuple[int, int] = (32, 32)) -> None:
        """Starts the process without waiting for it.

        Args:
            model: If given and the process is new, it is loaded and asked about a black photo: what comes first takes longest.
            size: (height, width) of that model's photos.
        """
        if self._guard.acquire(blocking=False):
            try:
                if self._process is None or not self._process.alive:
                    process = self._have_process()
                    if model is not None:
                        # So short that it fits into a pipe which nobody reads yet: a page waits for this call.
                        process.send({"id": next(self._ids), "model": str(model), "black": list(size)})
            finally:
                self._guard.release()

    def predict(self, model: Path, photos: NDArray[np.uint8], *, timeout_s: float = TIMEOUT_S) -> NDArray[np.float32]:
        """Classifies photos with a saved model.

        Args:
            model: Of a run, as `Home.model` gives it.
            photos: uint8, (n, height, width, 3), RGB, of the model's size.
            timeout_s: Seconds to wait for each request of up to 64 photos.

        Returns:
            float32, (n, classes), probabilities.

        Raises:
            PredictorFailed: If the process does not answer, or the model cannot be loaded.
        """
        parts = []
        for begin in range(0, len(photos), PHOTOS_A_REQUEST):
            with self._guard:
                parts.append(self._ask(model, photos[begin : begin + PHOTOS_A_REQUEST], timeout_s))
        return np.concatenate(parts)

    def close(self) -> None:
        """Ends the process."""
        self._closed = True
        process, self._process = self._process, None
        if process is not None:
            process.leave(timeout_s=1.0)

    def _have_process(self) -> TrainerProcess:
        if self._closed:
            raise PredictorFailed("The lab is closing. Start it again to classify photos.")
        if self._process is None or not self._process.alive:
            self._process = TrainerProcess("predict", self._settings, self._home.log("predictor"))
        return self._process

    def _ask(self, model: Path, photos: NDArray[np.uint8], timeout_s: float) -> NDArray[np.float32]:
        process, request = self._have_process(), next(self._ids)
        content = base64.b64encode(np.ascontiguousarray(photos).tobytes()).decode()
        process.send({"id": request, "model": str(model), "shape": list(photos.shape), "photos": content})
        due_s = time.monotonic() + timeout_s
        while True:
            try:
                message = process.messages.get(timeout=max(0.01, due_s - time.monotonic()))
            except queue.Empty:
                process.kill()
                raise PredictorFailed(
                    f"The photo was not classified within {timeout_s:.0f} s. The machine may be too busy: try again."
                ) from None
            if message is None:
                raise PredictorFailed(
                    f"The process that classifies photos {process.how_it_ended()}. Try again; its log is "
                    f"{self._home.log('predictor')}."
                )
            if message.get("id") != request:
                continue
            if "error" in message:
                raise PredictorFailed(
                    f"This model could not classify the photo ({message['error']}). Choose another run."
                )
            return np.asarray(message["probabilities"], dtype=np.float32)
