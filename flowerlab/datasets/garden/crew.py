"""Several processes draw the garden side by side; the pictures come out as if one had drawn them all.

The processes are new ones (`python -m flowerlab.datasets.garden`), never forked: the one that starts them may have TensorFlow
and its threads loaded. They leave when it goes, because their standard input closes with it.
"""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import flowerlab
from flowerlab.system.cpu import bounded, threads_here

# What stands before each picture on the way between processes: its label and its length in bytes.
HEADER = struct.Struct("<II")
MOST_PROCESSES = 4
# Below this, the second that a process takes to start is not won back.
WORTH_A_PROCESS = 120


def crew_size(count: int) -> int:
    """Returns how many processes shall draw `count` pictures on this machine; 1 if none but the asking one."""
    return max(1, min(threads_here(), MOST_PROCESSES, count // WORTH_A_PROCESS))


class Painter:
    """A process that draws every `step`-th picture, from number `begin` to before `count`."""

    def __init__(self, begin: int, step: int, count: int, seed: int, difficulty: float) -> None:
        code = str(Path(flowerlab.__file__).resolve().parent.parent)
        path = os.pathsep.join(filter(None, [code, os.environ.get("PYTHONPATH", "")]))
        words = [str(word) for word in (begin, step, count, seed)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", __package__, *words, repr(float(difficulty))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Each draws alone.
            env={**bounded(os.environ, 1), "PYTHONPATH": path},
        )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def next_picture(self) -> tuple[int, bytes] | None:
        """Waits for its next picture and returns (label, JPEG); None if the process has gone before it was whole."""
        assert self._process.stdout is not None
        head = _read(self._process.stdout, HEADER.size)
        if head is None:
            return None
        label, length = HEADER.unpack(head)
        data = _read(self._process.stdout, length)
        return None if data is None else (label, data)

    def close(self) -> None:
        """Ends the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()


def _read(pipe: IO[bytes], length: int) -> bytes | None:
    data = pipe.read(length)
    return data if len(data) == length else None


@contextlib.contextmanager
def painters(processes: int, count: int, seed: int, difficulty: float) -> Iterator[list[Painter]]:
    """Starts painters for the length of a block.

    Yields:
        The painters; number k draws pictures k, k + processes and so on. None of them if a process cannot be started.
    """
    with contextlib.ExitStack() as stack:
        try:
            together = [
                stack.enter_context(contextlib.closing(Painter(begin, processes, count, seed, difficulty)))
                for begin in range(processes)
            ]
        except OSError:
            together = []
        yield together
