"""The trainer's loop: takes one run after another from standard input."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import IO, TextIO

import tensorflow as tf

from flowerlab.engine.protocol import Job, TrainerSettings
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.runs.events import Attempt, End
from flowerlab.system.filesystems import no_room
from flowerlab.trainer.attempt import run_job
from flowerlab.trainer.channel import Channel, Lines, StopRequested
from flowerlab.trainer.preparation import POOL
from flowerlab.trainer.startup import start_up
from flowerlab.trainer.warm_up import rehearse

LOG = logging.getLogger("flowerlab.trainer")


def main(file: TextIO) -> int:
    """Serves runs until standard input closes; then the process ends at once, whatever it is doing.

    The first message is `flowerlab.engine.process.first_words`; then come `{"do": "run", "job", "warm"}` and `{"do": "stop", "run_id"}`.
    """
    start_up()
    lines = Lines(file)
    lines.write({"kind": "ready"})
    first = json.loads(sys.stdin.readline())
    home, settings = Home(Path(first["home"])), TrainerSettings.model_validate(first["settings"])
    inbox: queue.Queue[tuple[Channel, bool]] = queue.Queue()
    threading.Thread(target=_listen, args=(lines, inbox), daemon=True, name="stdin").start()
    # What TensorFlow and Keras consist of stays: every run begins with a collection, and need not go through it.
    gc.freeze()
    rehearse(POOL, wish=settings.training_precision, wanted=lambda: not inbox.empty())
    while True:
        channel, warm = inbox.get()
        _serve(channel, home, warm=warm)


def _listen(lines: Lines, inbox: queue.Queue[tuple[Channel, bool]]) -> None:
    # The channel is made here, in the order of the lines, so that a Stop right after its run is not lost.
    channel: Channel | None = None
    for line in sys.stdin:
        message = json.loads(line)
        if message["do"] == "run":
            channel = Channel(Job.model_validate(message["job"]), lines)
            inbox.put((channel, bool(message.get("warm"))))
        elif channel is not None and channel.job.run_id == message["run_id"]:
            channel.wish_to_stop()
    # The process that started this one is gone: its events would go nowhere.
    os._exit(0)


def _serve(channel: Channel, home: Home, *, warm: bool) -> None:
    """Runs one job and says exactly one `end`, whatever happens."""
    stamp, folder = channel.job.stamp, home.run(channel.job.run_id)
    with _log_in(folder) as log:
        before = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            channel.say(Attempt(**stamp, pid=os.getpid(), warm=warm))
            end = run_job(channel, home)
        except StopRequested:
            end = End(**stamp, state="stopped", message="Stopped before the first whole epoch: there is no model.")
        except FlowerlabError as error:
            LOG.info("The run ended: %s", error)
            end = End(**stamp, state="failed", message=str(error))
        except (MemoryError, tf.errors.ResourceExhaustedError):
            # No death that is tried again: the same run would need the same memory.
            message = "The memory of this machine did not suffice. Try a smaller batch or image size."
            end = End(**stamp, state="failed", message=message)
        except Exception as error:
            end = End(**stamp, state="failed", message=_words_for(error, folder))
        finally:
            # A full disk takes no log either; the end must be said all the same.
            with contextlib.suppress(OSError):
                sys.stderr.flush()
            os.dup2(before, 2)
            os.close(before)
    channel.say(end)


def _log_in(folder: Path) -> IO[bytes]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return (folder / "log.txt").open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


def _words_for(error: Exception, folder: Path) -> str:
    with contextlib.suppress(OSError):
        traceback.print_exc(file=sys.stderr)
    if no_room(error):
        return (
            f"The disk is full, so this run could not write what it made ({folder}). Free some space, then have it go on. What was there "
            "before is whole."
        )
    return f"{_first_line(error)} The run's log has the details: {folder / 'log.txt'}"


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:300] if text else 'no details'}."
