"""The machine that trains: its name, and how fast it multiplies."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from flowerlab.home import Home, replace_file

CPU_FILE = Path("/proc/cpuinfo")
SIDE, REPEATS = 1024, 4


def machine_name() -> str:
    """Returns what tells this kind of machine from others: processor and cores."""
    model = platform.processor() or platform.machine()
    try:
        lines = CPU_FILE.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return f"{model}, {os.cpu_count()} cores"


def peak_flops(home: Home) -> float:
    """Returns the operations a second of a float32 matrix product; measured once (0.1 s) and kept in the home.

    Args:
        home: Where `machine.json` is kept; a home that moved to another machine is measured anew.
    """
    path, name = home.root / "machine.json", machine_name()
    try:
        kept = json.loads(path.read_bytes())
        if kept["machine"] == name and kept["peak_flops"] > 0:
            return float(kept["peak_flops"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    measured = _measured()
    replace_file(path, json.dumps({"machine": name, "peak_flops": measured}).encode())
    return measured


def _measured() -> float:
    left = right = np.ones((SIDE, SIDE), dtype=np.float32)
    seconds = []
    for _ in range(REPEATS):
        begun_s = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - begun_s)
    return 2.0 * SIDE**3 / min(seconds)
