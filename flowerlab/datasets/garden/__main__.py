"""One painter of a crew: draws every n-th picture onto its standard output; see `flowerlab.datasets.garden.crew`.

It leaves when its standard input closes, so that it never outlives the process that started it.
"""

from __future__ import annotations

import os
import sys
import threading

from flowerlab.datasets.garden.crew import HEADER
from flowerlab.datasets.garden.pictures import draw_original


def main() -> int:
    """Draws pictures `begin`, `begin + step`, … below `count`, each after its label and its length in bytes."""
    begin, step, count, seed = (int(word) for word in sys.argv[1:5])
    difficulty = float(sys.argv[5])
    threading.Thread(target=_leave_when_stdin_closes, daemon=True, name="stdin").start()
    try:
        for index in range(begin, count, step):
            photo = draw_original(index, seed=seed, difficulty=difficulty)
            sys.stdout.buffer.write(HEADER.pack(photo.label, len(photo.data)) + photo.data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The process that read the pictures has gone: the flush at the end would only complain.
        os._exit(1)
    return 0


def _leave_when_stdin_closes() -> None:
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
