"""Homes that cannot be written."""

from __future__ import annotations

import contextlib
import errno
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def bytes_in(root: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@contextlib.contextmanager
def mounted_read_only(root: Path) -> Iterator[None]:
    """Has the system refuse every writing below a folder; skips where it does not let us."""
    try:
        subprocess.run(["mount", "--bind", root, root], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount folders (root on Linux)")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", root, root], check=True, capture_output=True)
        yield
    finally:
        subprocess.run(["umount", root], check=True)


@contextlib.contextmanager
def told_read_only(root: Path) -> Iterator[None]:
    """Has Flowerlab meet a refusal where it tries to write a file of its own."""
    with pytest.MonkeyPatch.context() as patched:

        def refuse(*_: object, dir: Path) -> None:
            raise OSError(errno.EROFS, "Read-only file system", str(dir))

        patched.setattr("tempfile.TemporaryFile", refuse)
        yield
