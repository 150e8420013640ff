"""The machine that trains: its name, and how fast it multiplies."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import numpy as np

from flowerlab.home import Home
from flowerlab.system.cpu import machine_name
from flowerlab.system.files import replace_file

SIDE, REPEATS = 768, 12
AGAIN_AFTER_S = 60.0

_measured_s: dict[Path, float] = {}


def peak_flops(home: Home) -> float:
    """Returns the operations a second of a float32 matrix product.

    It takes 0.1 s and is measured once a minute at most. The largest ever seen on this machine is kept in the home: a machine that
    does something else meanwhile seems slower than it is.
    """
    path, name = home.root / "machine.json", machine_name()
    kept = _kept(path, name)
    if kept and time.monotonic() - _measured_s.get(path, -AGAIN_AFTER_S) < AGAIN_AFTER_S:
        return kept
    measured = _measured()
    _measured_s[path] = time.monotonic()
    if measured > kept:
        with contextlib.suppress(OSError):
            replace_file(path, json.dumps({"machine": name, "peak_flops": measured}).encode())
    return max(kept, measured)


def _kept(path: Path, name: str) -> float:
    try:
        kept = json.loads(path.read_bytes())
        return float(kept["peak_flops"]) if kept["machine"] == name and kept["peak_flops"] > 0 else 0.0
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0


def _measured() -> float:
    left = right = np.ones((SIDE, SIDE), dtype=np.float32)
    seconds = []
    for _ in range(REPEATS):
        begun_s = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - begun_s)
    return 2.0 * SIDE**3 / min(seconds)
