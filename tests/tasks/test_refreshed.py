"""What a page shows while it may be a little old: it never waits."""

from __future__ import annotations

import threading

from flowerlab.tasks.refreshed import Refreshed
from tests.support.waiting import until


class Looks:
    """Counts looks; each waits until it may go on, and fails where it shall."""

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.made = 0
        self.fails = False

    def __call__(self) -> int:
        """One look."""
        assert self.go.acquire(timeout=10)
        self.made += 1
        if self.fails:
            raise OSError("away")
        return self.made


def test_nobody_waits() -> None:
    """The first look gives nothing yet; then the newest answer comes at once, also while a newer one is made; a fresh one is kept."""
    looks = Looks()
    shown = Refreshed(looks)
    assert shown.look() is None
    assert shown.busy
    looks.go.release()
    until(lambda: not shown.busy)
    assert [shown.look(), shown.look(), shown.busy] == [1, 1, False]
    shown.forget()
    assert shown.look() == 1
    assert shown.busy
    looks.go.release()
    until(lambda: not shown.busy)
    assert shown.look() == 2


def test_an_old_answer_is_looked_up_again() -> None:
    """As soon as somebody looks at it."""
    looks = Looks()
    shown = Refreshed(looks, fresh_s=0)
    looks.go.release(2)
    until(lambda: shown.look() == 2)


def test_what_changes_during_a_look_is_looked_up_once_more() -> None:
    """What was freed while the disk was measured may have been counted still."""
    looks = Looks()
    shown = Refreshed(looks)
    shown.look()
    shown.forget()
    looks.go.release(2)
    until(lambda: not shown.busy)
    until(lambda: shown.look() == 2)


def test_a_look_that_fails_is_no_answer() -> None:
    """The one before stays, and the next call tries again."""
    looks = Looks()
    shown = Refreshed(looks)
    shown.look()
    looks.go.release()
    until(lambda: not shown.busy)
    looks.fails = True
    shown.forget()
    shown.look()
    looks.go.release()
    until(lambda: not shown.busy)
    looks.fails = False
    assert shown.look() == 1
    looks.go.release()
    until(lambda: shown.look() == 3)
