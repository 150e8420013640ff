"""How many files and connections a process may have open."""

from __future__ import annotations

import sys

# A class of thirty with several windows each, and the 128 closed ones that Streamlit remembers, at four apiece.
ENOUGH = 4096


def allow_enough_open_files() -> int | None:
    """Raises this process' own bound on open files to 4,096, or as far as the system lets it; returns the bound.

    Streamlit keeps three open for every page, also for those closed in the last minutes (docs/decisions/0003): in a soak 459 after
    five minutes. macOS begins with 256 and most of Linux with 1,024. On Windows, which has no such bound, nothing happens: None.
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
        # macOS refuses more than a bound of its kernel, which is told nowhere else.
        return int(soft)
    return int(wanted)
