"""The predictor, seen from the process that asks it."""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowerlab.engine.wire import from_wire, packed, to_wire
from flowerlab.home import Home
from flowerlab.inference import predictor
from flowerlab.inference.predictor import Predictor
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
        answer = [1.0, 0.0] if "black" in message["about"] else [0.0, 1.0]
        found = to_wire({"probabilities": np.asarray([answer], dtype=np.float32)})
        self.messages.put({"kind": "answer", "id": message["id"], "found": found})


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
    assert request["about"] == {"black": (331, 331)}
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


class Slow(Process):
    """Answers nothing by itself."""

    def send(self, message: dict[str, Any]) -> None:
        """Takes a request."""
        self.sent.append(message)

    def answer(self, number: int, **fields: Any) -> None:
        """Answers the request with this id."""
        self.messages.put({"kind": "answer", "id": number, "found": fields})


@pytest.fixture
def slow(home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """A predictor whose process answers when it is told to."""
    Process.made = []
    monkeypatch.setattr(predictor, "TrainerProcess", Slow)
    return Predictor(home, settings)


def wait_for(what: Callable[[], bool]) -> None:
    """Returns when it is so."""
    due_s = time.monotonic() + 10
    while not what():
        assert time.monotonic() < due_s
        time.sleep(0.005)


def test_each_answer_reaches_whoever_asked(slow: Predictor) -> None:
    """Two ask at once; the second is answered first, and neither gets the other's answer."""
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow.ask, "filters", MODEL)
        wait_for(lambda: bool(Process.made and Process.made[0].sent))
        (process,) = Process.made
        assert isinstance(process, Slow)
        second = pool.submit(slow.ask, "seen", MODEL)
        wait_for(lambda: len(process.sent) == 2)
        numbers = {message["do"]: message["id"] for message in process.sent}
        process.answer(numbers["seen"], word="second")
        assert second.result(10)["word"] == "second"
        assert not first.done()
        process.answer(numbers["filters"], word="first")
        assert first.result(10)["word"] == "first"


def test_who_gives_up_takes_the_question_back(slow: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called while it waits may raise: then the process is told that nobody wants the answer any more."""
    monkeypatch.setattr(predictor, "LOOK_EVERY_S", 0.01)

    def moved_on() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slow.ask("maps", MODEL, waiting=moved_on)
    (process,) = Process.made
    assert process.sent[1] == {"cancel": process.sent[0]["id"]}


def test_what_was_answered_is_not_taken_back(asked: Predictor) -> None:
    """An answered question leaves nothing behind."""
    asked.predict(MODEL, np.zeros((1, 8, 8, 3), dtype=np.uint8))
    assert [message.get("do") for message in Process.made[0].sent] == ["photos"]


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_arrays_survive_the_line(kind: type) -> None:
    """An array that went through JSON is the same to the bit, whatever its shape."""
    for shape in [(0, 3), (2, 3, 4), (5,)]:
        array = np.random.default_rng(0).integers(0, 255, shape).astype(kind)
        found = from_wire(json.loads(json.dumps(to_wire({"array": array}))))["array"]
        assert found.dtype == array.dtype
        assert found.shape == shape
        assert (found == array).all()
    with pytest.raises(ValueError, match="int64"):
        packed(np.zeros(3, dtype=np.int64))
