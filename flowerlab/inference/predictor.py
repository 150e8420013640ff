"""The predictor: one resident process that classifies photos and looks into networks, so that a page answers while a run trains."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.engine.process import TrainerProcess
from flowerlab.engine.wire import from_wire, to_wire
from flowerlab.errors import PredictorFailed
from flowerlab.home import Home
from flowerlab.settings import Settings

# As many as go through a model at once: a single photo waits for few others.
PHOTOS_A_REQUEST = 32
REQUESTS_AT_ONCE = 2
TIMEOUT_S = 120.0
LOOK_EVERY_S = 0.2


class _Conversation:
    """A process and the questions that it has not answered yet. Each answer goes to the thread that asked."""

    def __init__(self, process: TrainerProcess) -> None:
        self.process = process
        self._asked: dict[int, queue.Queue[dict[str, Any] | None]] = {}
        self._writing = threading.Lock()
        threading.Thread(target=self._listen, daemon=True, name="answers").start()

    def send(self, message: dict[str, Any]) -> None:
        with self._writing:
            self.process.send(message)

    def expect(self, number: int) -> queue.Queue[dict[str, Any] | None]:
        answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._asked[number] = answers
        if not self.process.alive:
            # Its last word may have been passed on just before.
            answers.put(None)
        return answers

    def give_up(self, number: int) -> None:
        """Takes a question back, unless it was answered."""
        if self._asked.pop(number, None) is not None and self.process.alive:
            self.send({"cancel": number})

    def _listen(self) -> None:
        while (message := self.process.messages.get()) is not None:
            answers = self._asked.pop(message.get("id", 0), None)
            if answers is not None:
                answers.put(message)
        for answers in list(self._asked.values()):
            answers.put(None)


class Predictor:
    """Starts its process at the first question (or at `warm`), and again if it has gone."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home = home
        self._settings = settings
        self._conversation: _Conversation | None = None
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
                if self._conversation is None or not self._conversation.process.alive:
                    conversation = self._have_process()
                    if model is not None:
                        # So short that it fits into a pipe that is not read yet: a page waits for this call.
                        conversation.send(_request(next(self._ids), "photos", model, black=size))
            finally:
                self._guard.release()

    def predict(self, model: Path, photos: Iterable[NDArray[np.uint8]], *, timeout_s: float = TIMEOUT_S) -> NDArray[np.float32]:
        """Classifies photos with a saved model. While it answers, the next photos are made ready and sent.

        Args:
            photos: At least one: uint8, (height, width, 3), RGB, of the model's size.
            timeout_s: Seconds to wait for each request of up to 32 photos.

        Returns:
            float32, (n, classes), probabilities.

        Raises:
            PredictorFailed: If the process does not answer, or the model cannot be loaded.
        """

        def answers(part: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
            probabilities: NDArray[np.float32] = self.ask("photos", model, photos=np.stack(part), timeout_s=timeout_s)[
                "probabilities"
            ]
            return probabilities

        left = iter(photos)
        asked: list[Future[NDArray[np.float32]]] = []
        with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
            while part := list(itertools.islice(left, PHOTOS_A_REQUEST)):
                asked.append(pool.submit(answers, part))
            try:
                return np.concatenate([future.result() for future in asked])
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def embed(
        self, model: Path, photos: NDArray[np.uint8], *, rank: int = 0, waiting: Callable[[], None] = lambda: None
    ) -> NDArray[np.float32]:
        """Returns what the last layer of a saved model computes its answers from.

        Args:
            photos: uint8, (n, height, width, 3), RGB, of the model's size.
            rank: 1 lets all other questions go first.
            waiting: As in `ask`.

        Returns:
            float32, (n, features).

        Raises:
            PredictorFailed: As `predict`.
        """
        # What lets all others go first may have to wait long.
        timeout_s = TIMEOUT_S * (1 + 9 * rank)
        found = self.ask("embed", model, photos=photos, rank=rank, waiting=waiting, timeout_s=timeout_s)
        features: NDArray[np.float32] = found["features"]
        return features

    def ask(
        self,
        task: str,
        model: Path,
        *,
        rank: int = 0,
        timeout_s: float = TIMEOUT_S,
        waiting: Callable[[], None] = lambda: None,
        **about: Any,
    ) -> dict[str, Any]:
        """Asks the process and waits for its answer: the fields of what the task returns.

        Args:
            task: One of `flowerlab.trainer.predict_loop.TASKS`.
            rank: 1 lets all other questions go first.
            timeout_s: Seconds to wait; then the process is held to be stuck and ended.
            waiting: Called now and then; may raise to give up: then the question is taken back.
            about: The task's arguments, see `flowerlab.engine.wire`.

        Raises:
            PredictorFailed: If the process does not answer, or the model cannot be loaded.
        """
        with self._guard:
            conversation, number = self._have_process(), next(self._ids)
            answers = conversation.expect(number)
        try:
            conversation.send(_request(number, task, model, rank=rank, **about))
            message = self._wait(conversation, answers, timeout_s, waiting)
        finally:
            conversation.give_up(number)
        if "error" in message:
            raise PredictorFailed(f"This model could not classify the photo ({message['error']}). Choose another run.")
        return from_wire(message["found"])

    def close(self) -> None:
        """Ends the process."""
        self._closed = True
        conversation, self._conversation = self._conversation, None
        if conversation is not None:
            conversation.process.leave(timeout_s=1.0)

    def _have_process(self) -> _Conversation:
        if self._closed:
            raise PredictorFailed("The lab is closing. Start it again to classify photos.")
        if self._conversation is None or not self._conversation.process.alive:
            log = self._home.log("predictor")
            self._conversation = _Conversation(TrainerProcess("predict", self._settings, log))
        return self._conversation

    def _wait(
        self,
        conversation: _Conversation,
        answers: queue.Queue[dict[str, Any] | None],
        timeout_s: float,
        waiting: Callable[[], None],
    ) -> dict[str, Any]:
        due_s = time.monotonic() + timeout_s
        while True:
            left_s = due_s - time.monotonic()
            try:
                message = answers.get(timeout=max(0.01, min(LOOK_EVERY_S, left_s)))
            except queue.Empty:
                if left_s > 0:
                    waiting()
                    continue
                conversation.process.kill()
                raise PredictorFailed(
                    f"The photo was not classified within {timeout_s:.0f} s. The machine may be too busy: try again."
                ) from None
            if message is None:
                raise PredictorFailed(
                    f"The process that classifies photos {conversation.process.how_it_ended()}. Try again; its log is "
                    f"{self._home.log('predictor')}."
                )
            return message


def _request(number: int, task: str, model: Path, *, rank: int = 0, **about: Any) -> dict[str, Any]:
    return {"id": number, "do": task, "model": str(model), "rank": rank, "about": to_wire(about)}
