"""A task in the background: what it does, and how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from flowerlab.errors import FlowerlabError

Result = TypeVar("Result")


class Cancelled(Exception):
    """Raised in the work of a task that was cancelled: let it through."""


class TaskFailed(FlowerlabError):
    """A task came to nothing; its text is what the page says."""


@dataclass(eq=False)
class Task(Generic[Result]):
    """How far a task is: its work writes it in a thread, pages read it at any time.

    Args:
        step: What is being done, in words; ends in "(MB)" where `done` and `total` count MB (10⁶ bytes) and not photos.
        total: In this step; 0 if not known.
        error: Why it ended without a result, as a sentence; empty otherwise.
        cancelled: Whether it ended because it was cancelled; `error` says so too.
        result: Of the work; None before its end.
        kept: What lasts as long as the task is remembered: until it is started again, or the lab is closed.
    """

    step: str = "Starting"
    done: int = 0
    total: int = 0
    error: str = ""
    cancelled: bool = False
    result: Result | None = None
    kept: ExitStack = field(default_factory=ExitStack)
    ended: threading.Event = field(default_factory=threading.Event)
    _unwanted: threading.Event = field(default_factory=threading.Event)
    _to_end: list[Callable[[], None]] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.ended.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Returns when it is over, or after a while; says whether it is over."""
        return self.ended.wait(timeout_s)

    # For its work

    def say(self, step: str, done: int, total: int) -> None:
        """Says how far it is.

        Raises:
            Cancelled: If it was cancelled.
        """
        self.step, self.done, self.total = step, done, total
        self.check()

    def check(self) -> None:
        """Raises `Cancelled` if it was cancelled."""
        if self._unwanted.is_set():
            raise Cancelled

    @contextmanager
    def ended_by(self, end: Callable[[], None]) -> Iterator[None]:
        """Has `end` called, in another thread, if the task is cancelled in this block; it may be called twice."""
        self._to_end.append(end)
        try:
            if self._unwanted.is_set():
                end()
            yield
        finally:
            self._to_end.remove(end)

    # For the runner

    def cancel(self) -> None:
        """Has its work end at its next word."""
        self._unwanted.set()
        for end in list(self._to_end):
            end()


@dataclass(frozen=True)
class Work(Generic[Result]):
    """What a task does.

    Args:
        do: Called in a thread. It says how far it is with `Task.say`, which raises once the task is cancelled.
        cancelled: What is said of it then, as a sentence: what is kept, and what is not.
        failed: What is said of an error that is not Flowerlab's own: a sentence with `{error}` in it.
        step: What is being done at first, in words.
        total: How much there is to do in that step; 0 if not known.
        once: Whether it need not be done again once it has ended well.
        afterwards: Called at its end, whatever came of it, also if it was cancelled before `do` was called.
    """

    key: Hashable
    do: Callable[[Task[Result]], Result]
    cancelled: str
    failed: str
    step: str = "Starting"
    total: int = 0
    once: bool = False
    afterwards: Callable[[], object] = lambda: None
