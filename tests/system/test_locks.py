"""Locks between processes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flowerlab.system.locks import ProcessLock, waiting_for

HOLD = """
import sys, pathlib
from flowerlab.system.locks import ProcessLock
lock = ProcessLock(pathlib.Path(sys.argv[1]))
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


def test_only_one_process_holds_it(tmp_path: Path) -> None:
    """While a living process holds the lock nobody else gets it; killed, it leaves the lock to the next."""
    lock = ProcessLock(tmp_path / "lock")
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    assert child.stdin is not None
    with child.stdout, child.stdin:
        assert child.stdout.readline() == b"True\n"
        assert not lock.acquire()
        assert not lock.held
        child.kill()
        child.wait()
        assert lock.acquire()
        assert lock.held


def test_released_it_is_free(tmp_path: Path) -> None:
    """After release another lock object gets it; a release by who does not hold it frees nothing."""
    first, second = ProcessLock(tmp_path / "lock"), ProcessLock(tmp_path / "lock")
    assert first.acquire()
    second.release()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    first.release()
    assert not first.acquire()


def test_a_holder_keeps_it_when_it_asks_again(tmp_path: Path) -> None:
    """Taking a lock twice is holding it once: one release frees it."""
    lock = ProcessLock(tmp_path / "lock")
    assert lock.acquire()
    assert lock.acquire()
    lock.release()
    assert ProcessLock(tmp_path / "lock").acquire()


def test_many_takers_of_one_lock_are_never_two(tmp_path: Path) -> None:
    """Of many threads that wait for a lock with objects of their own, one at a time is inside."""
    inside, most, guard = 0, 0, threading.Lock()

    def enter(_: int) -> None:
        nonlocal inside, most
        for _ in range(5):
            with waiting_for(tmp_path / "lock", poll_s=0.0005):
                with guard:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.001)
                with guard:
                    inside -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(8)))
    assert most == 1


def test_who_waits_can_give_up(tmp_path: Path) -> None:
    """An exception from `check` ends the wait, and the lock stays with its holder."""
    holder = ProcessLock(tmp_path / "lock")
    with ThreadPoolExecutor(1) as another:
        assert another.submit(holder.acquire).result()

    def give_up() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), waiting_for(tmp_path / "lock", check=give_up):
        pass
    assert holder.held


def test_nobody_waits_for_himself(tmp_path: Path) -> None:
    """A thread that waits for a lock that it holds through another object is told so at once: it would wait for ever."""
    with waiting_for(tmp_path / "lock"):
        with pytest.raises(RuntimeError, match="Deadlock"), waiting_for(tmp_path / "lock"):
            pass
        assert not ProcessLock(tmp_path / "lock").acquire()
    assert ProcessLock(tmp_path / "lock").acquire()
