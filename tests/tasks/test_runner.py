"""The runner of background tasks: what holds for every task, whatever its work is."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from flowerlab.engine.process import TrainerProcess
from flowerlab.errors import BadPhoto
from flowerlab.settings import Settings
from flowerlab.tasks import Task, TaskFailed, TaskRunner, Work
from flowerlab.tasks.process import done_by_process
from flowerlab.tasks.runner import LEAVES_WITHIN_S
from tests.support.waiting import until

CANCELLED, FAILED = "It was cancelled.", "It could not be done ({error})."


@pytest.fixture
def runner() -> Iterator[TaskRunner]:
    """A runner, closed at the end."""
    made = TaskRunner()
    yield made
    made.close()


def work(do: Callable[[Task[Any]], Any], **more: Any) -> Work[Any]:
    """Some work."""
    return Work("key", do, CANCELLED, FAILED, **more)


def steps(task: Task[Any]) -> None:
    """Says something until it is cancelled."""
    for done in range(100_000):
        task.say("Counting", done, 100_000)
        time.sleep(0.002)


def test_a_task_says_how_far_it_is_and_what_came_of_it(runner: TaskRunner) -> None:
    """Its first words before the thread has begun, then those of its work, then the result."""
    go = threading.Event()

    def do(task: Task[int]) -> int:
        go.wait(10)
        task.say("Counting", 3, 4)
        return 7

    asked = work(do, step="Waiting", total=9)
    assert runner.state(asked) is None
    task = runner.start(asked)
    assert (task.step, task.done, task.total, task.over, task.result) == ("Waiting", 0, 9, False, None)
    go.set()
    assert task.wait(10)
    assert (task.step, task.done, task.total, task.over, task.result) == ("Counting", 3, 4, True, 7)
    assert (task.error, task.cancelled) == ("", False)
    assert runner.state(asked) is task


def test_pressed_by_thirty_it_is_done_once(runner: TaskRunner) -> None:
    """All get the same task while it is under way; over, it begins again, unless once is enough and it went well."""
    begun: list[int] = []
    go = threading.Event()

    def do(task: Task[int]) -> int:
        begun.append(1)
        go.wait(10)
        if len(begun) == 2:
            raise TaskFailed("not this time")
        return len(begun)

    started: list[Task[Any]] = []
    threads = [threading.Thread(target=lambda: started.append(runner.start(work(do)))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, started))) == 1
    assert len(begun) == 1
    go.set()
    assert started[0].wait(10)
    assert runner.start(work(do, once=True)) is started[0]
    failed = runner.start(work(do))
    assert failed.wait(10)
    assert failed is not started[0]
    again = runner.start(work(do, once=True))
    assert again.wait(10)
    assert again.result == 3


def test_a_cancelled_task_ends_at_its_next_word(runner: TaskRunner) -> None:
    """It says that it was cancelled, what the work says of that, and can begin again; one that is over cannot be cancelled."""
    task = runner.start(work(steps))
    until(lambda: task.done > 2)
    runner.cancel(work(steps))
    assert task.wait(10)
    assert (task.error, task.cancelled, task.result) == (CANCELLED, True, None)
    again = runner.start(work(lambda task: 5))
    assert again.wait(10)
    runner.cancel(work(steps))
    assert (again.error, again.cancelled, again.result) == ("", False, 5)
    runner.cancel(Work("another", steps, CANCELLED, FAILED))


def test_what_is_done_before_the_cancel_counts(runner: TaskRunner) -> None:
    """Work that ends without another word has ended well."""
    go = threading.Event()
    task = runner.start(work(lambda task: go.wait(10)))
    runner.cancel(work(steps))
    go.set()
    assert task.wait(10)
    assert (task.error, task.cancelled, task.result) == ("", False, True)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BadPhoto("This is no photo."), "This is no photo."),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x"), "It could not be done (No space left on device)."),
        (OSError("{odd}"), "It could not be done (OSError: {odd})."),
        (LookupError("a surprise"), "It could not be done (LookupError: a surprise)."),
    ],
)
def test_every_error_is_a_sentence_and_an_end(runner: TaskRunner, error: Exception, sentence: str) -> None:
    """The lab's own as they are, all others in the words of the work; nobody waits for ever."""

    def do(task: Task[None]) -> None:
        raise error

    task = runner.start(work(do))
    assert task.wait(10)
    assert (task.error, task.cancelled) == (sentence, False)


def test_closing_ends_all_and_leaves_nothing(runner: TaskRunner) -> None:
    """Within two seconds, though one of them does not obey; what a task kept is gone, and none begins any more."""
    kept: list[Path] = []
    stubborn = threading.Event()

    def keeping(task: Task[None]) -> None:
        kept.append(Path(task.kept.enter_context(tempfile.TemporaryDirectory())))
        steps(task)

    task = runner.start(work(keeping))
    runner.start(Work("stubborn", lambda task: stubborn.wait(30), CANCELLED, FAILED))
    until(lambda: bool(kept))
    assert kept[0].is_dir()
    begun_s = time.monotonic()
    runner.close()
    assert time.monotonic() - begun_s < LEAVES_WITHIN_S + 0.5
    assert (task.over, task.cancelled) == (True, True)
    assert not kept[0].exists()
    late = runner.start(Work("late", lambda task: kept.append(Path()), CANCELLED, FAILED))
    assert late.wait(10)
    assert (late.cancelled, len(kept)) == (True, 1)
    stubborn.set()


def test_what_a_task_kept_goes_when_it_begins_again(runner: TaskRunner) -> None:
    """Not before: a page may still give the file away."""
    kept: list[Path] = []
    keeping = work(lambda task: kept.append(Path(task.kept.enter_context(tempfile.TemporaryDirectory()))))
    assert runner.start(keeping).wait(10)
    assert kept[0].is_dir()
    assert runner.start(keeping).wait(10)
    assert [folder.is_dir() for folder in kept] == [False, True]


# Work that a process does


class Played(TrainerProcess):
    """A process that is remembered."""

    def __init__(self, role: str, settings: Settings, log: Path) -> None:
        super().__init__(role, settings, log)
        played.append(self)


played: list[Played] = []


@pytest.fixture
def by_process(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Work[Any]]:
    """Makes work that a process does, which runs a script in place of a trainer."""
    played.clear()
    monkeypatch.setattr("flowerlab.tasks.process.TrainerProcess", Played)

    def make(script: str, **more: Any) -> Work[Any]:
        stand_in = tmp_path / "python"
        stand_in.write_text(f"#!/bin/sh\nread request\n{script}\n", encoding="utf-8")
        stand_in.chmod(0o755)
        monkeypatch.setattr("flowerlab.engine.process.sys.executable", str(stand_in))

        def do(task: Task[Any]) -> Any:
            asked = {"settings": settings, "log": tmp_path / "log", "ended": lambda how: f"It {how}.", **more}
            return done_by_process(task, "gather", {"wish": 1}, **asked)

        return work(do)

    return make


def say(**message: object) -> str:
    """A line of the script that says something."""
    return f"echo '{json.dumps(message)}'"


def test_a_process_says_how_far_it_is(runner: TaskRunner, by_process: Callable[..., Work[Any]]) -> None:
    """Until it is done: its last message is what came of it, and it is gone."""
    script = "\n".join([say(kind="progress", step="Drawing", done=3, total=4), say(kind="done", difference=0.5), "sleep 60"])
    task = runner.start(by_process(script))
    assert task.wait(20)
    assert (task.step, task.done, task.total) == ("Drawing", 3, 4)
    assert task.result == {"kind": "done", "difference": 0.5}
    assert not played[0].alive


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (say(kind="error", message="The disk is full.") + "\nsleep 60", "The disk is full."),
        ("exit 3", "It ended with exit code 3."),
        ("kill -9 $$", "It was ended by signal 9."),
    ],
)
def test_a_process_that_fails_is_a_sentence(
    runner: TaskRunner, by_process: Callable[..., Work[Any]], script: str, sentence: str
) -> None:
    """Its own, or how it ended by itself; it is gone in either case."""
    task = runner.start(by_process(script))
    assert task.wait(20)
    assert (task.error, task.cancelled) == (sentence, False)
    assert not played[0].alive


def test_a_process_that_takes_too_long_is_ended(runner: TaskRunner, by_process: Callable[..., Work[Any]]) -> None:
    """And the sentence is that of being late."""
    task = runner.start(by_process("sleep 60", timeout_s=0.2, late="Too late."))
    assert task.wait(20)
    assert task.error == "Too late."
    assert not played[0].alive


@pytest.mark.parametrize("end", ["cancel", "close"])
def test_a_process_is_ended_with_all_that_it_began(runner: TaskRunner, by_process: Callable[..., Work[Any]], end: str) -> None:
    """At once when its task is cancelled or the lab is closed, and that is told as a cancel, not as an accident."""
    asked = by_process(say(kind="progress", step="Drawing", done=3, total=4) + "\nsleep 60")
    task = runner.start(asked)
    until(lambda: task.step == "Drawing")
    until(lambda: bool(children := psutil.Process(played[0].pid).children()) and children[0].name() == "sleep")
    (child,) = psutil.Process(played[0].pid).children()
    begun_s = time.monotonic()
    runner.close() if end == "close" else runner.cancel(asked)
    assert task.wait(LEAVES_WITHIN_S)
    assert time.monotonic() - begun_s < LEAVES_WITHIN_S
    assert (task.error, task.cancelled) == (CANCELLED, True)
    assert not played[0].alive
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
