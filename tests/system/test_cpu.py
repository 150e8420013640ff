"""Nobody computes with more threads than there are cores: the environment of trainers, predictor and painters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowerlab.engine.process import trainer_environment
from flowerlab.settings import Settings
from flowerlab.system import cpu as threads
from flowerlab.system.cpu import LIBRARIES, bounded, cores, threads_here, threads_of


@pytest.fixture
def _four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 4)
    for name in LIBRARIES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_four_cores")
@pytest.mark.parametrize(("setting", "expected"), [(0, 4), (3, 3), (1, 1), (256, 4)])
def test_the_environment_bounds_every_library(settings: Settings, setting: int, expected: int) -> None:
    """A trainer's environment tells every numerical library at most as many threads as there are cores."""
    environment = trainer_environment(settings.model_copy(update={"threads": setting}))
    assert {environment[name] for name in (*LIBRARIES, "FLOWERLAB_THREADS")} == {str(expected)}


@pytest.mark.usefixtures("_four_cores")
def test_who_asked_for_fewer_threads_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library's variable that is set to fewer stays; more, or nonsense, is replaced."""
    for asked, expected in (("1", "1"), ("64", "4"), ("many", "4"), ("0", "4"), ("-2", "4"), ("²", "4")):
        assert bounded({"OMP_NUM_THREADS": asked}, 4)["OMP_NUM_THREADS"] == expected
    monkeypatch.setenv("FLOWERLAB_THREADS", "2")
    assert threads_here() == 2
    monkeypatch.setenv("FLOWERLAB_THREADS", "nonsense")
    assert threads_here() == 4


def test_a_container_has_the_cores_of_its_quota(tmp_path: Path) -> None:
    """Half of a core's time is one core; a container without a bound has what the machine has."""
    here = cores(tmp_path / "none")
    assert 1 <= here <= (os.cpu_count() or 1)
    for text, expected in (("50000 100000", 1), ("max 100000", here), ("nonsense", here), ("1 0", here)):
        (tmp_path / "cpu.max").write_text(text, encoding="ascii")
        assert cores(tmp_path / "cpu.max") == expected


def test_the_library_obeys(settings: Settings) -> None:
    """A process with a trainer's environment multiplies matrices with the threads that it may have, however many cores there are."""
    code = "import json, numpy, threadpoolctl; print(json.dumps([p['num_threads'] for p in threadpoolctl.threadpool_info()]))"
    environment = trainer_environment(settings.model_copy(update={"threads": 1}))
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    pools = json.loads(found.stdout)
    assert pools
    assert set(pools) == {1}
    assert threads_of(1) == 1
