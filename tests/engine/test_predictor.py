"""The predictor, seen from the process that asks it."""

from __future__ import annotations

import json
import queue
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowerlab.engine import predictor
from flowerlab.engine.predictor import Predictor
from flowerlab.home import Home
from flowerlab.settings import Settings

MODEL = Path("model.npz")
# What a pipe holds at least on the systems that we know; who writes more waits for a reader.
PIPE_BYTES = 4096


class Process:
    """Answers each request at once; keeps what it was sent."""

    made: list[Process]

    def __init__(self, *about: Any) -> None:
        self.sent: list[dict[str, Any]] = []
        self.messages: queue.Queue[dict[str, Any]] = queue.Queue()
        self.alive = True
        self.made.append(self)

    def send(self, message: dict[str, Any]) -> None:
        """Takes a request."""
        self.sent.append(message)
        black = "black" in message
        self.messages.put(
            {"kind": "answer", "id": message["id"], "probabilities": [[1.0, 0.0] if black else [0.0, 1.0]]}
        )


@pytest.fixture
def asked(home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """A predictor whose process is played."""
    Process.made = []
    monkeypatch.setattr(predictor, "TrainerProcess", Process)
    return Predictor(home, settings)


def test_warming_waits_for_nobody(asked: Predictor) -> None:
    """What is sent to a process that still loads TensorFlow fits into a pipe, however large the model's photos are."""
    asked.warm(MODEL, (331, 331))
    (process,) = Process.made
    (request,) = process.sent
    assert request["model"] == str(MODEL)
    assert request["black"] == [331, 331]
    assert len(json.dumps(request)) < PIPE_BYTES


def test_a_warm_predictor_is_not_warmed_again(asked: Predictor) -> None:
    """Every visit of the page warms; the second finds the process alive and sends nothing. One that died is started anew."""
    asked.warm(MODEL)
    asked.warm(MODEL)
    assert [len(process.sent) for process in Process.made] == [1]
    Process.made[0].alive = False
    asked.warm(MODEL)
    assert [len(process.sent) for process in Process.made] == [1, 1]


def test_the_answer_about_the_black_photo_is_nobodys(asked: Predictor) -> None:
    """The first photo gets its own answer, not the one that warming left behind."""
    asked.warm(MODEL)
    answer = asked.predict(MODEL, np.zeros((1, 8, 8, 3), dtype=np.uint8))
    assert answer.tolist() == [[0.0, 1.0]]
