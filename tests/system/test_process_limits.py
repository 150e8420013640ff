"""What the web process asks of the system for itself: one arena for all threads, and enough open files."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

# Forty threads allocate at once and again; then glibc is asked how many arenas it has.
ALLOCATING = """
import ctypes, sys, threading
from flowerlab.system.process_limits import keep_memory_together
if sys.argv[1] == "together":
    assert keep_memory_together()
barrier = threading.Barrier(40)
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def work():
    barrier.wait()
    libc.free(libc.malloc(5000))
threads = [threading.Thread(target=work) for _ in range(40)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fopen.restype, libc.malloc_info.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
libc.fclose.argtypes = [ctypes.c_void_p]
file = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, file)
libc.fclose(file)
"""
OPENING = """
import resource
from flowerlab.system.process_limits import allow_enough_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(allow_enough_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc, whose arenas these are")
@pytest.mark.parametrize(("how", "one"), [("together", True), ("as it is", False)])
def test_threads_share_one_arena(tmp_path: Path, how: str, *, one: bool) -> None:
    """Told so, glibc has one arena for however many threads; left alone it has several."""
    told = tmp_path / "malloc.xml"
    subprocess.run([sys.executable, "-c", ALLOCATING, how, str(told)], check=True, timeout=60)
    assert (told.read_text().count("<heap nr=") == 1) is one


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bound")
@pytest.mark.parametrize(("soft", "hard", "after"), [(256, 5000, 4096), (256, 1000, 1000), (4500, 5000, 4500), (900, 900, 900)])
def test_the_bound_is_raised_and_never_lowered(soft: int, hard: int, after: int) -> None:
    """A low bound becomes 4,096, or what the system allows; a higher one stays; the system's own is not touched."""
    program = OPENING.format(soft=soft, hard=hard)
    told = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True).stdout
    assert told.split() == [str(after), str(after), str(hard)]
