"""What the command line says before it opens a lab."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support import ROOT


@pytest.mark.parametrize("arguments", [["runs"], ["--help"], ["doctor"]])
def test_quick_commands_load_nothing_heavy(arguments: list[str]) -> None:
    """`runs`, `doctor` and `--help` load no TensorFlow, scikit-learn, Plotly, pandas or Streamlit."""
    code = (
        "import contextlib, io, json, sys\n"
        "from flowerlab.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    code = main({arguments!r})\n"
        "print(json.dumps([code, sorted({name.split('.')[0] for name in sys.modules})]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    returned, modules = json.loads(said)
    assert returned == 0
    assert not set(modules) & {"tensorflow", "keras", "tensorflow_datasets", "streamlit", "sklearn", "plotly", "pandas"}


def test_a_missing_package_is_a_sentence() -> None:
    """Where a package is missing, `python -m flowerlab` says how to install it."""
    code = "import sys; sys.modules['typer'] = None; import runpy; runpy.run_module('flowerlab', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr
