"""The doctor: what is here, what is missing, what to do."""

from __future__ import annotations

import contextlib
import http.server
import importlib.metadata
import json
import os
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from flowerlab.architectures import ARCHITECTURES
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.originals import Original, write_originals
from flowerlab.doctor import Finding, Level, can_run, examine
from flowerlab.doctor.hardware import check_memory, check_port, check_processor
from flowerlab.doctor.home import check_home, is_network
from flowerlab.home import Home
from flowerlab.store.copying import put_aside
from tests.support import ROOT
from tests.support.loopback import hdf5


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither tf_flowers nor weights are at hand, wherever the tests run."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def examined(variables: dict[str, str], **options: Any) -> list[Finding]:
    """What the doctor finds where these variables are set, and no other of Flowerlab's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FLOWERLAB_")]:
            patch.delenv(name)
        for name, value in variables.items():
            patch.setenv(name, value)
        return examine(**options)


def of(findings: list[Finding], subject: str) -> Finding:
    """The one finding on a subject."""
    (found,) = [finding for finding in findings if finding.subject == subject]
    return found


def problems(findings: list[Finding]) -> list[str]:
    """Subjects of the findings with which the lab cannot run."""
    return [finding.subject for finding in findings if finding.level is Level.PROBLEM]


def test_a_fresh_machine_can_run_the_lab(tmp_path: Path) -> None:
    """Without data, weights and home there is no problem, and looking makes no folder."""
    findings = examined({"FLOWERLAB_HOME": str(tmp_path / "a" / "home")})
    assert problems(findings) == []
    assert of(findings, "home").level is Level.OK
    assert not (tmp_path / "a").exists()


def test_each_missing_thing_says_its_size_and_its_mend(tmp_path: Path) -> None:
    """Missing data and weights are warnings with their megabytes and what one can do."""
    findings = examined({"FLOWERLAB_HOME": str(tmp_path)})
    fetched = {name: float(entry.source.download_mb) for name, entry in DATASETS.items() if entry.source.download_mb}
    assert fetched["tf_flowers"] == 229
    expected = fetched | {
        f"{name} weights": chosen.weights[0].megabytes for name, chosen in ARCHITECTURES.items() if chosen.weights
    }
    missing = {finding.subject: finding for finding in findings if finding.missing_mb is not None}
    assert {subject: finding.missing_mb for subject, finding in missing.items()} == expected
    for subject, finding in missing.items():
        assert finding.level is Level.WARNING
        assert f"{expected[subject]:g} MB from {finding.source}" in finding.text
        assert finding.mend
        assert finding.source == "storage.googleapis.com" or subject in fetched.keys() - {"tf_flowers"}


def test_data_and_weights_at_hand_are_seen(tmp_path: Path) -> None:
    """What lies where TFDS and Keras look for it is not missing."""
    info = tmp_path / "tfds" / "tf_flowers" / "3.0.1" / "dataset_info.json"
    file = tmp_path / "keras" / "models" / ARCHITECTURES["vgg16"].weights[0].name
    for path in (info, file):
        path.parent.mkdir(parents=True)
        path.write_bytes(hdf5(100))
    findings = examined({"FLOWERLAB_HOME": str(tmp_path)})
    for subject in ("tf_flowers", "vgg16 weights"):
        assert of(findings, subject).level is Level.OK
        assert of(findings, subject).missing_mb is None


@pytest.mark.parametrize(("version", "level"), [((3, 10), "problem"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "problem")])
def test_python_must_be_3_11_to_3_13(version: tuple[int, int], level: str) -> None:
    """Another Python is a problem."""
    assert of(examined({}, python=version), "python").level == level


def test_pins_are_compared(tmp_path: Path) -> None:
    """A missing package is a problem, another version a warning, comments are passed over."""
    requirements = tmp_path / "requirements.txt"
    numpy = importlib.metadata.version("numpy")
    requirements.write_text(f"# a comment\nnumpy=={numpy}\npillow==0.0.1\nno-such-package==1.0\n")
    findings = examined({}, requirements=requirements)
    assert of(findings, "pillow").level is Level.WARNING
    assert "0.0.1" in of(findings, "pillow").text
    assert of(findings, "no-such-package").level is Level.PROBLEM
    assert "pip install" in of(findings, "no-such-package").mend
    assert of(findings, "packages").text.startswith("1 of 3 ")


def test_every_pin_of_the_repository_is_read() -> None:
    """The number of packages compared is the number of requirement lines."""
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert of(examined({}), "packages").text.startswith(f"{len(lines)} of {len(lines)} ")


def test_without_a_requirements_file_it_only_warns(tmp_path: Path) -> None:
    """A lab that was copied without requirements.txt may still run."""
    assert of(examined({}, requirements=tmp_path / "none.txt"), "packages").level is Level.WARNING


def test_a_home_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    """A home below a file can never be made; the mend names FLOWERLAB_HOME."""
    (tmp_path / "file").write_text("")
    finding = of(examined({"FLOWERLAB_HOME": str(tmp_path / "file" / "home")}), "home")
    assert finding.level is Level.PROBLEM
    assert "FLOWERLAB_HOME" in finding.mend


def test_a_damaged_list_of_runs_is_a_remark(tmp_path: Path) -> None:
    """The lab mends it when it is opened, and the doctor changes nothing in it; afterwards it says where the damaged file is."""
    home = Home(tmp_path).create()
    home.store.write_bytes(b"no database" * 1000)
    finding = of(examined({"FLOWERLAB_HOME": str(tmp_path)}), "list of runs")
    assert finding.level is Level.WARNING
    assert "not a database" in finding.text
    assert home.store.read_bytes() == b"no database" * 1000
    aside = put_aside(home.store, "2026-11-25")
    finding = of(examined({"FLOWERLAB_HOME": str(tmp_path)}), "list of runs")
    assert (finding.level, str(aside) in finding.text) == (Level.WARNING, True)


def test_a_list_of_a_newer_flowerlab_is_a_problem(tmp_path: Path) -> None:
    """With it the lab cannot run."""
    with contextlib.closing(sqlite3.connect(Home(tmp_path).create().store)) as connection:
        connection.execute("PRAGMA user_version = 99")
    findings = examined({"FLOWERLAB_HOME": str(tmp_path)})
    assert problems(findings) == ["home"]
    assert "newer Flowerlab" in of(findings, "home").text


def test_a_file_in_a_folders_place_is_a_problem(tmp_path: Path) -> None:
    """The lab cannot run where one of its folders cannot be written."""
    home = Home(tmp_path).create()
    home.runs.rmdir()
    home.runs.write_text("no folder")
    assert problems(examined({"FLOWERLAB_HOME": str(tmp_path)})) == ["home"]


def test_a_home_that_cannot_be_looked_at_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong while looking at the home, the lab is not said to run."""

    def fail(home: Path) -> list[Finding]:
        raise RuntimeError

    monkeypatch.setattr("flowerlab.doctor.examination.check_home", fail)
    assert problems(examined({"FLOWERLAB_HOME": str(tmp_path)})) == ["home"]


def test_settings_in_force_are_named(tmp_path: Path) -> None:
    """Set variables are listed with their values; unset ones are not."""
    text = of(examined({"FLOWERLAB_HOME": str(tmp_path), "FLOWERLAB_THREADS": "2"}), "settings").text
    assert "FLOWERLAB_THREADS=2" in text
    assert "FLOWERLAB_NICENESS" not in text


def test_a_bad_setting_is_a_problem() -> None:
    """A value that a setting cannot have is told with the variable's name."""
    finding = of(examined({"FLOWERLAB_THREADS": "all"}), "settings")
    assert finding.level is Level.PROBLEM
    assert "FLOWERLAB_THREADS" in finding.text


def test_a_misspelt_variable_is_noticed(tmp_path: Path) -> None:
    """A FLOWERLAB_ variable that no setting reads is a warning that names the near one."""
    findings = examined({"FLOWERLAB_HOME": str(tmp_path), "FLOWERLAB_TREADS": "2", "FLOWERLAB_REQUIRE_BROWSER": "1"})
    (warning,) = [finding for finding in findings if finding.subject == "settings" and finding.level is Level.WARNING]
    assert "FLOWERLAB_TREADS" in warning.text
    assert "FLOWERLAB_THREADS" in warning.mend


def test_scripted_runs_are_warned_of(tmp_path: Path) -> None:
    """FLOWERLAB_ENGINE=fake makes numbers up, and the doctor says so."""
    findings = examined({"FLOWERLAB_HOME": str(tmp_path), "FLOWERLAB_ENGINE": "fake"})
    assert of(findings, "engine").level is Level.WARNING


def test_the_doctor_is_quick_and_loads_nothing_heavy() -> None:
    """It needs neither TensorFlow nor a network, and less than 2 s of one core."""
    code = (
        "import json, socket, sys, time\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from flowerlab.doctor import examine\n"
        "examine()\n"
        "print(json.dumps([time.process_time(), sorted({name.split('.')[0] for name in sys.modules})]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    seconds, modules = json.loads(said)
    assert seconds < 2
    heavy = {"tensorflow", "keras", "tensorflow_datasets", "streamlit", "plotly", "sklearn", "pandas", "scipy"}
    assert not set(modules) & heavy


def test_gathered_photos_are_seen_without_tfds_folder(tmp_path: Path) -> None:
    """tf_flowers in the home is at hand, whatever became of the folder it was gathered from."""
    write_originals(Home(tmp_path).create().originals / "tf_flowers-3.0.1", ("daisy",), [Original("a", 0, b"photo")])
    assert of(examined({"FLOWERLAB_HOME": str(tmp_path)}), "tf_flowers").level is Level.OK


def test_named_packages_are_told_with_their_versions() -> None:
    """TensorFlow, Keras and Streamlit stand with their versions, without being imported."""
    text = of(examined({}), "packages").text
    for name in ("tensorflow", "keras", "streamlit"):
        assert f"{name} {importlib.metadata.version(name)}" in text


@pytest.mark.parametrize(
    ("flags", "level", "told"),
    [
        ("flags : fpu avx avx2 fma avx512f avx512_bf16 amx_tile", "ok", "AVX2, FMA, AVX-512, AVX-512 BF16, AMX."),
        ("flags : fpu avx", "warning", "AVX2 and FMA"),
        ("flags : fpu sse4_2", "problem", "needs AVX"),
    ],
)
def test_the_processor_is_judged_by_its_flags(tmp_path: Path, flags: str, level: str, told: str) -> None:
    """TensorFlow cannot run without AVX and is slow without AVX2 and FMA; what there is gets named."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor : 0\n{flags}\n")
    (finding,) = check_processor(cpuinfo, "x86_64")
    assert (finding.level, told in finding.text) == (level, True)


def test_a_processor_that_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    """Where there is no /proc/cpuinfo the instructions are not known, and that is no problem."""
    (finding,) = check_processor(tmp_path / "none")
    assert "not known" in finding.text
    assert finding.level is not Level.PROBLEM


@pytest.mark.parametrize(("limit", "level"), [("max\n", "ok"), ("1500000000", "warning"), ("900000000", "problem")])
def test_a_containers_memory_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, level: str) -> None:
    """Below 1 GB TensorFlow does not fit, below 2 GB it is tight, and a limit is as good as an end of memory."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8e9, available=6e9))
    (tmp_path / "limit").write_text(limit)
    (finding,) = check_memory((tmp_path / "limit",))
    assert finding.level == level


def test_a_port_in_use_is_told_and_a_free_one_is_fine(tmp_path: Path) -> None:
    """The port that is looked at is HOST_PORT, else Streamlit's variable, else the config file's."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        for environment in ({"HOST_PORT": taken}, {"STREAMLIT_SERVER_PORT": taken}):
            (finding,) = check_port(environment, tmp_path)
            assert (finding.level, taken in finding.text) == (Level.PROBLEM, True)
        (tmp_path / ".streamlit").mkdir()
        (tmp_path / ".streamlit" / "config.toml").write_text(f"[server]\nport = {taken}\n")
        (finding,) = check_port({}, tmp_path)
        assert finding.level is Level.PROBLEM
    (finding,) = check_port({}, tmp_path)
    assert finding.level is Level.OK
    (finding,) = check_port({"HOST_PORT": "99999999"}, tmp_path)
    assert "no port" in finding.text


def test_a_lab_that_is_open_already_is_no_problem(tmp_path: Path) -> None:
    """Where a page of Streamlit's answers at the port, the doctor only says that the port is in use."""

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        (finding,) = check_port({"HOST_PORT": str(server.server_port)}, tmp_path)
    assert finding.level is Level.WARNING


def test_a_page_does_not_wonder_about_its_own_port(tmp_path: Path) -> None:
    """The panel on Home leaves out the port that it is served on."""
    findings = examined({"FLOWERLAB_HOME": str(tmp_path)}, serving=True)
    assert "port" not in [finding.subject for finding in findings]


@pytest.mark.parametrize(
    ("fstype", "opts", "level"),
    [
        ("ext4", "rw", "ok"),
        ("apfs", "rw", "ok"),
        ("nfs4", "rw", "warning"),
        ("cifs", "rw", "warning"),
        ("fuse.sshfs", "rw", "warning"),
        ("fuse.ntfs-3g", "rw", "ok"),
        ("fuseblk", "rw", "ok"),
        ("NTFS", "rw,remote", "warning"),
    ],
)
def test_a_home_on_a_network_disk_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fstype: str, opts: str, level: str
) -> None:
    """The disk on which the home lies decides, not the one around it."""
    around = SimpleNamespace(mountpoint="/", fstype="nfs" if level == "ok" else "ext4", opts="rw")
    own = SimpleNamespace(mountpoint=str(tmp_path), fstype=fstype, opts=opts)
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [own, around])
    assert of(examined({"FLOWERLAB_HOME": str(tmp_path / "home")}), "disk").level == level


def test_a_windows_share_is_a_network_disk() -> None:
    """A path that begins with two backslashes is another computer's."""
    assert is_network("ntfs", Path("\\\\server\\share"))


@pytest.mark.parametrize(("free_mb", "level"), [(50, "problem"), (500, "warning"), (5000, "ok")])
def test_room_at_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_mb: int, level: str) -> None:
    """A full disk is a problem, a nearly full one a warning."""
    monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=free_mb * 1e6))
    (finding,) = check_home(tmp_path)
    assert finding.level == level


def test_a_disk_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the home and the weights on a dead disk, the doctor is back in time: no home is a problem, no weights are not."""
    never = threading.Event()
    monkeypatch.setattr("flowerlab.doctor.examination.check_home", lambda home: [never.wait()])
    monkeypatch.setattr("flowerlab.doctor.examination.check_weights", never.wait)
    began_s = time.monotonic()
    findings = examined({"FLOWERLAB_HOME": str(tmp_path)}, patience_s=0.3)
    assert time.monotonic() - began_s < 1
    never.set()
    assert of(findings, "home").level is Level.PROBLEM
    assert of(findings, "weights").level is Level.WARNING
    assert not can_run(findings)


def test_a_check_that_fails_leaves_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault inside one check is a warning in its place."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: 1 / 0)
    findings = examined({"FLOWERLAB_HOME": str(tmp_path)})
    assert "ZeroDivisionError" in of(findings, "memory").text
    assert can_run(findings)
