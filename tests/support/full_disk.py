"""Disks that are full: made up, and one of the system's own."""

from __future__ import annotations

import contextlib
import errno
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

TINY_MB = 12


class _Limited(io.FileIO):
    """A file on a disk with little room, which all files share."""

    room: list[int]

    def write(self, data: Any) -> int:
        length = len(memoryview(data).cast("B"))
        if self.room[0] < length:
            raise OSError(errno.ENOSPC, "No space left on device", str(self.name))
        self.room[0] -= length
        return super().write(data)


@contextlib.contextmanager
def room_for(count: int, below: Path) -> Iterator[None]:
    """Lets `count` bytes be written below a folder, by Python's own files, and no more."""
    real, room = Path.open, [count]

    def opened(self: Path, mode: str = "r", *arguments: Any, **named: Any) -> IO[Any]:
        if below not in self.parents or not set(mode) & set("wax+"):
            return real(self, mode, *arguments, **named)
        raw = _Limited(self, mode.replace("b", "").replace("t", ""))
        raw.room = room
        file = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return file if "b" in mode else io.TextIOWrapper(file, encoding="utf-8")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "open", opened)
        yield


def full(*_: object, **__: object) -> None:
    """Stands in for anything that meets a full disk."""
    raise OSError(errno.ENOSPC, "No space left on device")


@contextlib.contextmanager
def tiny_disk(place: Path) -> Iterator[Path]:
    """Mounts a disk of its own with a few MB; skips where the system does not let us."""
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TINY_MB}m", "tmpfs", place], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a disk (root on Linux)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


@contextlib.contextmanager
def filled_up(disk: Path) -> Iterator[None]:
    """Fills a disk to its last byte."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()
