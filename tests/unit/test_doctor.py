"""The doctor: what is here, what is missing, what to do."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

from flowerlab.architectures import ARCHITECTURES
from flowerlab.doctor import Finding, Level, examine

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither tf_flowers nor weights are at hand, wherever the tests run."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def of(findings: list[Finding], subject: str) -> Finding:
    """The one finding on a subject."""
    (found,) = [finding for finding in findings if finding.subject == subject]
    return found


def problems(findings: list[Finding]) -> list[str]:
    """Subjects of the findings with which the lab cannot run."""
    return [finding.subject for finding in findings if finding.level is Level.PROBLEM]


def test_a_fresh_machine_can_run_the_lab(tmp_path: Path) -> None:
    """Without data, weights and home there is no problem, and looking makes no folder."""
    findings = examine({"FLOWERLAB_HOME": str(tmp_path / "a" / "home")})
    assert problems(findings) == []
    assert of(findings, "home").level is Level.OK
    assert not (tmp_path / "a").exists()


def test_each_missing_thing_says_its_size_and_its_mend(tmp_path: Path) -> None:
    """Missing data and weights are warnings with their megabytes and what one can do."""
    findings = examine({"FLOWERLAB_HOME": str(tmp_path)})
    expected = {"tf_flowers": 229.0} | {
        f"{name} weights": chosen.weights[0].megabytes for name, chosen in ARCHITECTURES.items() if chosen.weights
    }
    missing = {finding.subject: finding for finding in findings if finding.missing_mb is not None}
    assert {subject: finding.missing_mb for subject, finding in missing.items()} == expected
    for subject, finding in missing.items():
        assert finding.level is Level.WARNING
        assert f"{expected[subject]:g} MB" in finding.text
        assert finding.mend


def test_data_and_weights_at_hand_are_seen(tmp_path: Path) -> None:
    """What lies where TFDS and Keras look for it is not missing."""
    info = tmp_path / "tfds" / "tf_flowers" / "3.0.1" / "dataset_info.json"
    file = tmp_path / "keras" / "models" / ARCHITECTURES["vgg16"].weights[0].name
    for path in (info, file):
        path.parent.mkdir(parents=True)
        path.touch()
    findings = examine({"FLOWERLAB_HOME": str(tmp_path)})
    for subject in ("tf_flowers", "vgg16 weights"):
        assert of(findings, subject).level is Level.OK
        assert of(findings, subject).missing_mb is None


@pytest.mark.parametrize(
    ("version", "level"), [((3, 10), "problem"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "problem")]
)
def test_python_must_be_3_11_to_3_13(version: tuple[int, int], level: str) -> None:
    """Another Python is a problem."""
    assert of(examine({}, python=version), "python").level == level


def test_pins_are_compared(tmp_path: Path) -> None:
    """A missing package is a problem, another version a warning, comments are passed over."""
    requirements = tmp_path / "requirements.txt"
    numpy = importlib.metadata.version("numpy")
    requirements.write_text(f"# a comment\nnumpy=={numpy}\npillow==0.0.1\nno-such-package==1.0\n")
    findings = examine({}, requirements=requirements)
    assert of(findings, "pillow").level is Level.WARNING
    assert "0.0.1" in of(findings, "pillow").text
    assert of(findings, "no-such-package").level is Level.PROBLEM
    assert "pip install" in of(findings, "no-such-package").mend
    assert of(findings, "packages").text.startswith("1 of 3 ")


def test_every_pin_of_the_repository_is_read() -> None:
    """The number of packages compared is the number of requirement lines."""
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert of(examine({}), "packages").text.startswith(f"{len(lines)} of {len(lines)} ")


def test_without_a_requirements_file_it_only_warns(tmp_path: Path) -> None:
    """A lab that was copied without requirements.txt may still run."""
    assert of(examine({}, requirements=tmp_path / "none.txt"), "packages").level is Level.WARNING


def test_a_home_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    """A home below a file can never be made; the mend names FLOWERLAB_HOME."""
    (tmp_path / "file").write_text("")
    finding = of(examine({"FLOWERLAB_HOME": str(tmp_path / "file" / "home")}), "home")
    assert finding.level is Level.PROBLEM
    assert "FLOWERLAB_HOME" in finding.mend


def test_settings_in_force_are_named(tmp_path: Path) -> None:
    """Set variables are listed with their values; unset ones are not."""
    text = of(examine({"FLOWERLAB_HOME": str(tmp_path), "FLOWERLAB_THREADS": "2"}), "settings").text
    assert "FLOWERLAB_THREADS=2" in text
    assert "FLOWERLAB_NICENESS" not in text


def test_a_bad_setting_is_a_problem() -> None:
    """A value that a setting cannot have is told with the variable's name."""
    finding = of(examine({"FLOWERLAB_THREADS": "all"}), "settings")
    assert finding.level is Level.PROBLEM
    assert "FLOWERLAB_THREADS" in finding.text


def test_a_misspelt_variable_is_noticed(tmp_path: Path) -> None:
    """A FLOWERLAB_ variable that no setting reads is a warning that names the near one."""
    findings = examine({"FLOWERLAB_HOME": str(tmp_path), "FLOWERLAB_TREADS": "2", "FLOWERLAB_REQUIRE_BROWSER": "1"})
    (warning,) = [finding for finding in findings if finding.subject == "settings" and finding.level is Level.WARNING]
    assert "FLOWERLAB_TREADS" in warning.text
    assert "FLOWERLAB_THREADS" in warning.mend


def test_scripted_runs_are_warned_of(tmp_path: Path) -> None:
    """FLOWERLAB_ENGINE=fake makes numbers up, and the doctor says so."""
    findings = examine({"FLOWERLAB_HOME": str(tmp_path), "FLOWERLAB_ENGINE": "fake"})
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
