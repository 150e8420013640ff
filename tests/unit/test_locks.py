"""Locks between processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil

from flowerlab.locks import ProcessLock

HOLD = """
import sys, pathlib
from flowerlab.locks import ProcessLock
print(ProcessLock(pathlib.Path(sys.argv[1])).acquire(), flush=True)
sys.stdin.read()
"""


def test_only_one_process_holds_it(tmp_path: Path) -> None:
    """While a living process holds the lock nobody else gets it; killed, it leaves the lock to the next."""
    lock = ProcessLock(tmp_path / "lock")
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    assert child.stdin is not None
    with child.stdout, child.stdin:
        assert child.stdout.readline() == b"True\n"
        assert lock.holder() == child.pid
        assert not lock.acquire()
        child.kill()
        child.wait()
        assert lock.holder() is None
        assert lock.acquire()
        assert lock.holder() == os.getpid()


def test_a_reused_pid_does_not_hold_it(tmp_path: Path) -> None:
    """A living process with the holder's pid but another start time is somebody else."""
    path = tmp_path / "lock"
    started_s = psutil.Process().create_time() - 1000
    path.write_text(json.dumps({"pid": os.getpid(), "started_s": started_s}))
    assert ProcessLock(path).acquire()


def test_released_it_is_free(tmp_path: Path) -> None:
    """After release another lock object gets it, and an unreadable lock file blocks nobody."""
    first, second = ProcessLock(tmp_path / "lock"), ProcessLock(tmp_path / "lock")
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
    (tmp_path / "lock").write_text("{half")
    assert first.acquire()
