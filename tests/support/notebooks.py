"""Exported notebooks, run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

# One process runs all programs, each as if it were alone: TensorFlow is loaded once.
RUN_ALL = """
import os, runpy, sys
import keras
assert not any(name.startswith("flowerlab") for name in sys.modules)
for path in sys.argv[1:]:
    os.chdir(os.path.dirname(path))
    keras.utils.clear_session()
    print("RUN", path, flush=True)
    runpy.run_path(path)
assert not any(name.startswith("flowerlab") for name in sys.modules)
"""


TESTED = re.compile(r"Test accuracy: ([\d.]+) of (\d+) photos")


def without_flowerlab() -> dict[str, str]:
    """The environment of a process that cannot import Flowerlab."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def code_of_notebook(notebook: Path) -> Path:
    """Writes a notebook's code beside it as Jupyter would run it: one cell after the other, in one room of names."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    whole = notebook.with_name("cells.py")
    whole.write_text("\n".join(f"exec(compile({cell!r}, 'cell', 'exec'), globals())" for cell in code), encoding="utf-8")
    return whole


def run_all(programs: list[Path], timeout_s: float = 250) -> list[tuple[float, int]]:
    """Runs programs where no Flowerlab can be imported; returns what each says of its test: (accuracy, photos)."""
    ended = subprocess.run(
        [sys.executable, "-c", RUN_ALL, *map(str, programs)],
        cwd=programs[0].parent,
        env=without_flowerlab(),
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    said = [(float(share), int(count)) for share, count in TESTED.findall(ended.stdout)]
    assert len(said) == len(programs)
    return said
