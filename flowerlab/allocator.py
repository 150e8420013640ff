"""The C library's allocator, told to suit a server whose threads live for the length of one page."""

from __future__ import annotations

import ctypes
import sys

# From glibc's malloc.h.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
# From this size on a block is the system's own and goes back to it when it is freed.
OWN_BLOCK_BYTES = 256 * 1024


def keep_memory_together() -> bool:
    """Has all threads take memory from one arena, and large blocks from the system; returns whether that could be said.

    glibc gives threads up to eight arenas a core, and what is free in one is of no use to a thread of another (docs/decisions/0003).
    To be called before other threads have begun. Elsewhere than on glibc nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        # musl has none.
        return False
    return bool(mallopt(M_ARENA_MAX, 1) and mallopt(M_MMAP_THRESHOLD, OWN_BLOCK_BYTES))
