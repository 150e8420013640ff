"""Nobody computes with more threads than there are cores: the environment of trainers, predictor and painters."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

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


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="This system bounds no process to some cores")
def test_a_process_has_the_cores_that_it_is_bounded_to() -> None:
    """Bound to one core, a process computes with one thread, however many the machine has."""
    code = (
        "import os; from flowerlab.system.cpu import cores; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(cores())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "1\n"
    assert 1 <= cores() <= (os.cpu_count() or 1)


def test_a_container_has_the_cores_of_its_quota(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a core's time is one core, one and a half are two, under either version of control groups."""
    cores()  # joblib is imported before the files are others
    quotas = {"/sys/fs/cgroup/cpu.max": "50000 100000"}
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr("os.path.exists", lambda path: path in quotas)
    monkeypatch.setattr("builtins.open", lambda path, *unused: io.StringIO(quotas[path]))
    assert cores() == 1
    quotas["/sys/fs/cgroup/cpu.max"] = "max 100000"
    assert cores() == 8
    quotas.clear()
    quotas |= {"/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000", "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}
    assert cores() == 2


def test_the_library_obeys(settings: Settings) -> None:
    """A process with a trainer's environment multiplies matrices with the threads that it may have, however many cores there are."""
    code = "import json, numpy, threadpoolctl; print(json.dumps([p['num_threads'] for p in threadpoolctl.threadpool_info()]))"
    environment = trainer_environment(settings.model_copy(update={"threads": 1}))
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    pools = json.loads(found.stdout)
    assert pools
    assert set(pools) == {1}
    assert threads_of(1) == 1


def test_the_name_tells_processor_and_cores() -> None:
    """Runs that another machine made are told from this one's."""
    assert threads.machine_name().endswith(" cores")
    assert len(threads.machine_name()) > len(", 2 cores")


@pytest.mark.parametrize(
    ("flags", "told"),
    [({"fma", "avx2"}, "(AVX2)"), ({"avx2", "avx512f"}, "(AVX-512)"), ({"avx2", "avx512f", "avx512_bf16"}, "(AVX-512, bfloat16)")],
)
def test_the_name_tells_how_wide_it_computes(monkeypatch: pytest.MonkeyPatch, flags: set[str], told: str) -> None:
    """Two processors that call themselves the same have different names where one computes with wider instructions."""
    monkeypatch.setattr(threads, "processor_flags", lambda: flags)
    assert told in threads.machine_name()
