"""What the web process asks of the system for itself: one arena for all threads, and enough open files."""

from __future__ import annotations

import ctypes
import sys

# From glibc's malloc.h.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
# From this size on a block is the system's own and goes back to it when it is freed.
OWN_BLOCK_BYTES = 256 * 1024
# A class of thirty with several windows each, and the 128 closed ones that Streamlit remembers, at four apiece.
ENOUGH = 4096


def keep_memory_together() -> bool:
    """Has all threads take memory from one arena, and large blocks from the system; returns whether the C library is one that can.

    glibc gives threads up to eight arenas a core, and what is free in one is of no use to a thread of another (docs/decisions/0003).
    Call it before other threads begin.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        # musl has none.
        return False
    return bool(mallopt(M_ARENA_MAX, 1) and mallopt(M_MMAP_THRESHOLD, OWN_BLOCK_BYTES))


def allow_enough_open_files() -> int | None:
    """Raises this process' own bound on open files to 4,096, or as far as the system allows; returns it, None on Windows, which has none.

    Streamlit keeps three open for every page, also for those closed in the last minutes (docs/decisions/0003): in a soak 459 after
    five minutes. macOS begins with 256 and most of Linux with 1,024.
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return int(soft)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        # macOS refuses more than a bound of its kernel, which it says nowhere else.
        return int(soft)
    return int(wanted)
