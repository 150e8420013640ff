"""The machine that trains: its name, and how fast it multiplies."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

from flowerlab.home import Home, replace_file

CPU_FILE = Path("/proc/cpuinfo")
SIDE, REPEATS = 768, 12
AGAIN_AFTER_S = 60.0
# What Linux calls the instructions that decide how fast a processor multiplies, the widest first, and what they are called.
INSTRUCTIONS = {
    "amx_bf16": "AMX",
    "avx512_bf16": "AVX-512, bfloat16",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
    "asimd": "NEON",
}

_measured_s: dict[Path, float] = {}


def machine_name() -> str:
    """Returns what tells this kind of machine from others: processor, its widest instructions where it tells, and cores."""
    model = _told(CPU_FILE, "model name") or platform.processor() or platform.machine()
    flags = processor_flags() or set()
    widest = next((f" ({name})" for flag, name in INSTRUCTIONS.items() if flag in flags), "")
    return f"{model}{widest}, {os.cpu_count()} cores"


def processor_flags(cpu_file: Path = CPU_FILE) -> set[str] | None:
    """Returns what the processor says it can, in Linux' words; None where nothing tells.

    Args:
        cpu_file: In which Linux describes the processors.
    """
    # "flags" on x86, "Features" on ARM.
    told = _told(cpu_file, "flags", "Features")
    return None if told is None else set(told.split())


@functools.cache
def _told(cpu_file: Path, *names: str) -> str | None:
    """Returns what the first line of one of these names says; None if there is none."""
    try:
        lines = cpu_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in names:
            return value.strip()
    return None


def peak_flops(home: Home) -> float:
    """Returns the operations a second of a float32 matrix product.

    It takes 0.1 s and is measured once a minute at most. The largest ever seen is kept in the home: a machine that does something
    else meanwhile seems slower than it is.

    Args:
        home: Where `machine.json` is kept; a home that moved to another machine begins anew.
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
