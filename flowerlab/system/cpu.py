"""The processor: which it is, how many of its cores a process may use, and that no library takes more threads than that.

Numerical libraries take as many threads as the machine has cores, each for itself, unless a variable bounds them.
"""

from __future__ import annotations

import functools
import os
import platform
from collections.abc import Mapping
from pathlib import Path

# What OpenMP, OpenBLAS, MKL, Apple's Accelerate and NumExpr read.
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMEXPR_NUM_THREADS")
VARIABLE = "FLOWERLAB_THREADS"
CPU_FILE = Path("/proc/cpuinfo")
# What Linux calls the instructions that decide how fast a processor multiplies, the widest first, and what they are called.
INSTRUCTIONS = {"amx_bf16": "AMX", "avx512_bf16": "AVX-512, bfloat16", "avx512f": "AVX-512", "avx2": "AVX2", "asimd": "NEON"}


def cores() -> int:
    """Returns how many cores this process may use: fewer than the machine has where a container or an affinity bounds it."""
    # 0.07 s, which the first page need not wait for.
    import joblib

    return int(joblib.cpu_count())


def threads_of(setting: int) -> int:
    """Returns how many threads a process computes with.

    Args:
        setting: `FLOWERLAB_THREADS`; 0: all cores. More than there are cores is of no use.
    """
    return min(setting, cores()) if setting else cores()


def threads_here() -> int:
    """Returns how many threads this very process may compute with."""
    setting = os.environ.get(VARIABLE, "")
    return threads_of(int(setting) if setting.isascii() and setting.isdigit() else 0)


def bounded(environment: Mapping[str, str], threads: int) -> dict[str, str]:
    """Returns an environment in which no library takes more threads; a variable that is set to fewer stays."""
    changed = {**environment, VARIABLE: str(threads)}
    for name in LIBRARIES:
        asked = environment.get(name, "")
        fewer = asked.isascii() and asked.isdigit() and 0 < int(asked) < threads
        changed[name] = asked if fewer else str(threads)
    return changed


def machine_name() -> str:
    """Returns what tells this kind of machine from others: processor, its widest instructions where they are known, and cores."""
    model = _described(CPU_FILE, "model name") or platform.processor() or platform.machine()
    flags = processor_flags() or set()
    widest = next((f" ({name})" for flag, name in INSTRUCTIONS.items() if flag in flags), "")
    return f"{model}{widest}, {os.cpu_count()} cores"


def processor_flags(cpu_file: Path = CPU_FILE) -> set[str] | None:
    """Returns what the processor says it can, in Linux' words; None where no such file says it."""
    # "flags" on x86, "Features" on ARM.
    flags = _described(cpu_file, "flags", "Features")
    return None if flags is None else set(flags.split())


@functools.cache
def _described(cpu_file: Path, *names: str) -> str | None:
    """Returns the value of the first line that has one of these names; None if there is none."""
    try:
        lines = cpu_file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in names:
            return value.strip()
    return None
