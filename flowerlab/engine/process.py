"""One trainer process: started, spoken to in JSON lines, listened to, ended.

The process runs in a session of its own, so that Ctrl-C in the terminal reaches the app and not the trainer, and leaves by
itself when its standard input closes.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import psutil

import flowerlab
from flowerlab.engine.protocol import TrainerSettings
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.system.cpu import bounded, threads_of

CODE_FOLDER = Path(flowerlab.__file__).resolve().parent.parent


def trainer_environment(settings: Settings) -> dict[str, str]:
    """Returns the environment of a trainer or predictor process, with what it must know before it loads TensorFlow."""
    environment = bounded(os.environ, threads_of(settings.threads))
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CODE_FOLDER), environment.get("PYTHONPATH", "")]))
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    environment["PYTHONUNBUFFERED"] = "1"
    environment["FLOWERLAB_NICENESS"] = str(settings.niceness)
    return environment


def first_words(home: Home, settings: Settings) -> dict[str, Any]:
    """Returns the first message of a process that trains: its home, and the settings for which it makes itself ready."""
    return {"home": str(home.root), "settings": TrainerSettings.of(settings).model_dump(mode="json")}


def _opened(log: Path) -> IO[bytes]:
    """Opens a log to append to; where it cannot be opened, what would go there is lost, and no more."""
    try:
        return log.open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


class TrainerProcess:
    """A child process with JSON lines on its standard input and output.

    Args:
        role: `train`, `predict`, `gather` or `convert`. The first message of `train` is `first_words`.
        log: File for what the process prints outside a run (libraries talk, and an unread pipe blocks).
    """

    def __init__(self, role: str, settings: Settings, log: Path) -> None:
        self.messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.runs = 0
        self.ready = threading.Event()
        self.memory_mb_at_first: float | None = None
        with _opened(log) as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flowerlab.trainer", role],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=trainer_environment(settings),
                start_new_session=True,
            )
        threading.Thread(target=self._listen, daemon=True, name=f"{role}-listener").start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        """Writes one line; a process that is gone is noticed by its listener, not here."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                try:
                    message = json.loads(line)
                except ValueError:
                    continue
                if message.get("kind") == "ready":
                    self.ready.set()
                self.messages.put(message)
        self._process.wait()
        self.messages.put(None)

    def memory_mb(self) -> float:
        """Returns the resident memory in MB (10⁶ bytes); 0 if the process is gone."""
        try:
            return float(psutil.Process(self.pid).memory_info().rss) / 1e6
        except psutil.NoSuchProcess:
            return 0.0

    def how_it_ended(self) -> str:
        """Says in words how the process ended."""
        code = self._process.poll()
        if code is None:
            return "still runs"
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def leave(self, timeout_s: float = 2.0) -> None:
        """Asks the process to go by closing its input; kills it if it stays."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends the process at once, and whatever it started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
