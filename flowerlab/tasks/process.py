"""A task whose work is done by a process of the trainer's: it is given one request, and says how far it is until it is done."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowerlab.engine.process import TrainerProcess
from flowerlab.settings import Settings
from flowerlab.tasks.task import Task, TaskFailed


def done_by_process(
    task: Task[Any],
    role: str,
    request: dict[str, Any],
    *,
    settings: Settings,
    log: Path,
    ended: Callable[[str], str],
    timeout_s: float | None = None,
    late: str = "",
) -> dict[str, Any]:
    """Starts a process, gives it a request, and returns its last message; the process is gone then, whatever happened.

    Args:
        task: Says how far the process is; cancelled, it ends the process at once.
        role: `gather` or `convert`.
        ended: Says that it ended by itself before it was done; is given how, as `ended with exit code 1`.
        timeout_s: How long it may take; None: as long as it does. (Windows waits for no more than 49 days at once.)
        late: What is said if it takes longer.

    Raises:
        Cancelled: If the task was cancelled.
        TaskFailed: If the process says so, ends by itself, or takes too long.
    """
    process = TrainerProcess(role, settings, log)
    due_s = None if timeout_s is None else time.monotonic() + timeout_s
    try:
        with task.ended_by(process.kill):
            process.send(request)
            while (message := process.messages.get(timeout=_left_s(due_s))) is not None:
                if message["kind"] == "progress":
                    task.say(message["step"], message["done"], message["total"])
                elif message["kind"] == "error":
                    raise TaskFailed(message["message"])
                elif message["kind"] == "done":
                    return message
        task.check()
        raise TaskFailed(ended(process.how_it_ended()))
    except queue.Empty:
        raise TaskFailed(late) from None
    finally:
        process.kill()


def _left_s(due_s: float | None) -> float | None:
    return None if due_s is None else max(0.01, due_s - time.monotonic())
