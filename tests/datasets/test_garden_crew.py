"""The garden drawn by several processes."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from flowerlab.datasets.garden import crew, pictures
from flowerlab.errors import BadInput
from tests.support import ROOT

GONE_WITHIN_S = 20.0
# Says who draws for it, and then takes no more pictures.
ABANDONED = """
import psutil, time
from flowerlab.datasets import garden
from flowerlab.datasets.garden import pictures
drawn = pictures.originals(3000, processes=2)
next(drawn)
print(*(child.pid for child in psutil.Process().children()), flush=True)
time.sleep(600)
"""


def painters() -> list[psutil.Process]:
    """Processes that draw for this one."""
    children = psutil.Process().children()
    return [child for child in children if "flowerlab.datasets.garden" in child.cmdline()]


def lives(pid: int) -> bool:
    """Whether a process still runs; one that only nobody has asked about any more does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_crew_draws_what_one_draws() -> None:
    """However many processes draw, ids, classes and bytes are the same, in the same order."""
    alone = list(pictures.originals(13, difficulty=0.4))
    assert list(pictures.originals(13, difficulty=0.4, processes=2)) == alone
    assert list(pictures.originals(13, difficulty=0.4, processes=3)) == alone
    assert painters() == []


def test_a_lost_painter_is_made_up_for() -> None:
    """Where a painter is killed, its pictures are drawn by the process that asked."""
    drawn = pictures.originals(40, processes=2)
    first = next(drawn)
    painters()[1].kill()
    assert [first, *drawn] == list(pictures.originals(40))


def test_without_processes_the_garden_is_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system starts no process, the process that asked draws."""

    def refused(*arguments: object, **options: object) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert list(pictures.originals(3, processes=2)) == list(pictures.originals(3))


def test_who_gives_up_leaves_no_painter() -> None:
    """When `progress` raises or nobody takes the pictures any more, the painters end at once."""

    def give_up(done: int, total: int) -> None:
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        list(pictures.originals(200, processes=2, progress=give_up))
    assert painters() == []
    drawn = pictures.originals(200, processes=2)
    next(drawn)
    assert len(painters()) == 2
    drawn.close()
    assert painters() == []


def test_painters_go_with_a_killed_parent() -> None:
    """Where the process that asked is killed, its painters leave by themselves."""
    parent = subprocess.Popen([sys.executable, "-c", ABANDONED], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    due_s = time.monotonic() + GONE_WITHIN_S
    while any(map(lives, pids)) and time.monotonic() < due_s:
        time.sleep(0.05)
    assert not [pid for pid in pids if lives(pid)]


def test_a_crew_is_as_large_as_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process a core and at most four; few pictures are drawn without any."""
    monkeypatch.setattr("flowerlab.system.cpu.cores", lambda: 2)
    assert [crew.crew_size(count) for count in (1, 60, 239, 240, 3670)] == [1, 1, 1, 2, 2]
    monkeypatch.setattr("flowerlab.system.cpu.cores", lambda: 64)
    assert crew.crew_size(3670) == 4
    monkeypatch.setenv("FLOWERLAB_THREADS", "3")
    assert crew.crew_size(3670) == 3


def test_nobody_cannot_draw() -> None:
    """Zero processes are refused when asked for."""
    with pytest.raises(BadInput, match="processes=0"):
        pictures.originals(3, processes=0)
