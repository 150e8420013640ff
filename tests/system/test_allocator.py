"""The C library's allocator under many short threads."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

# Forty threads allocate at once and again; then glibc is asked how many arenas it has.
PROGRAM = """
import ctypes, sys, threading
from flowerlab.allocator import keep_memory_together
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


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc, whose arenas these are")
@pytest.mark.parametrize(("how", "one"), [("together", True), ("as it is", False)])
def test_threads_share_one_arena(tmp_path: Path, how: str, *, one: bool) -> None:
    """Told so, glibc has one arena for however many threads; left alone it has several."""
    told = tmp_path / "malloc.xml"
    subprocess.run([sys.executable, "-c", PROGRAM, how, str(told)], check=True, timeout=60)
    assert (told.read_text().count("<heap nr=") == 1) is one
