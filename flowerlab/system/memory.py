"""How much memory this machine can give to a run: what is free, and what a trainer of ours would give back."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psutil

from flowerlab.system.processes import TRAINER

# Version 2 of control groups, then version 1: what a container may use, and what it does use.
CONTAINERS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"), Path("/sys/fs/cgroup/memory.stat")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.stat"),
    ),
)
FRESH_S = 2.0
_guard = threading.Lock()
_seen: tuple[float, float] | None = None


def memory_for_a_run() -> float:
    """Returns how many bytes of memory a run can have: free ones, and those of trainers, which take one run after the other.

    Looks every two seconds at most.
    """
    global _seen
    with _guard:
        if _seen is None or time.monotonic() - _seen[0] > FRESH_S:
            _seen = time.monotonic(), free_bytes() + trainers_bytes()
        return _seen[1]


def free_bytes(containers: tuple[tuple[Path, Path, Path], ...] = CONTAINERS) -> float:
    """Returns how many bytes are free, or can be made free by dropping what files left in memory.

    Args:
        containers: Files with a container's limit, what it uses, and of what kind that is; the first that can be read counts.
    """
    free = float(psutil.virtual_memory().available)
    for limit, used, kinds in containers:
        try:
            # The system drops pages of files that were not used for a while.
            inactive = next(
                int(line.split()[1]) for line in kinds.read_text("ascii").splitlines() if line.startswith("inactive_file ")
            )
            return max(0.0, min(free, int(limit.read_text("ascii")) - int(used.read_text("ascii")) + inactive))
        except (OSError, ValueError, IndexError, StopIteration):
            # Not this version of control groups, or "max": no limit.
            continue
    return free


def trainers_bytes() -> float:
    """Returns how much memory the trainers of this account hold: the next run has it, or it is given back before."""
    held = 0.0
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        words = process.info["cmdline"] or []
        if words[1:4] == TRAINER and process.info["memory_info"] is not None:
            held += process.info["memory_info"].rss
    return held
