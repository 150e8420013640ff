"""Entry of the trainer, predictor, gatherer and converter processes: `python -m flowerlab.trainer train|predict|gather|convert`.

Standard output carries JSON lines and nothing else: a private copy of it is kept, and file descriptor 1 is pointed at
standard error, because libraries print. The process leaves at once when its standard input closes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import sys
import threading
from importlib import import_module
from pathlib import Path

import psutil

AUTOGROUP = Path("/proc/self/autogroup")
MODULES = {"train": "train_loop", "predict": "predict_loop", "gather": "gather", "convert": "convert"}


def step_back(niceness: int) -> None:
    """Lets other processes go before this one.

    Args:
        niceness: 0 (not at all) to 19. A process that was started with more keeps it: only root may take some of it away.
    """
    me = psutil.Process()
    if sys.platform == "win32":
        if niceness:
            me.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    elif niceness > me.nice():
        me.nice(niceness)
        # Linux may first share the processor out among sessions (sched_autogroup); then a process's own niceness counts only
        # within its session, and every trainer has one of its own.
        with contextlib.suppress(OSError):
            AUTOGROUP.write_text(str(niceness), encoding="ascii")


def leave_with_parent() -> None:
    """Ends this process at once when standard input closes: the loops listen only once TensorFlow is loaded."""
    if not hasattr(select, "poll"):
        return  # Windows: the loops notice it, some seconds later.
    closing = select.poll()
    # No event is asked for; that the other end has gone is always reported. Nothing is read.
    closing.register(0, 0)

    def wait() -> None:
        closing.poll()
        os._exit(0)

    threading.Thread(target=wait, daemon=True, name="parent").start()


def main() -> int:
    """Runs one of the roles until standard input closes."""
    parser = argparse.ArgumentParser(prog="python -m flowerlab.trainer")
    parser.add_argument("role", choices=tuple(MODULES))
    role = parser.parse_args().role
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    niceness = int(os.environ.get("FLOWERLAB_NICENESS", "0"))
    # A photo is one short job that a person waits for: it goes before training.
    step_back(niceness // 2 if role == "predict" else niceness)
    leave_with_parent()

    # TensorFlow is loaded only now, so that the lines above act before it starts its threads.
    return import_module(f"flowerlab.trainer.{MODULES[role]}").main(lines)  # type: ignore[no-any-return]


if __name__ == "__main__":
    sys.exit(main())
