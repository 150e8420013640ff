"""What every answer to a hostile input must be: taken, or refused in one sentence with nothing changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from flowerlab.errors import FlowerlabError

# Long enough for a list of all knobs, too short for somebody's file.
LONGEST_SENTENCE = 900
# What SQLite and locks write when a lab is opened or looked at.
NOT_LOOKED_AT = ("flowerlab.sqlite3", "flowerlab.sqlite3-wal", "flowerlab.sqlite3-shm", "locks", "machine.json")

State = dict[str, tuple[str, int]]


class Fault(AssertionError):
    """A hostile input led to something that it must not lead to."""


def state_of(root: Path) -> State:
    """A hash and the time of writing of all that lies under a folder, hidden or not; folders end in a stroke."""
    return {
        path.relative_to(root).as_posix() + "/" * path.is_dir(): (
            (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) if path.is_file() else ("", 0)
        )
        for path in root.rglob("*")
        if not set(path.relative_to(root).parts) & set(NOT_LOOKED_AT)
    }


def check_sentence(text: str) -> None:
    """Fails unless an error's text is one sentence that can be shown and says what came.

    Raises:
        Fault: If it has several lines, cannot be shown, is endless, or does not say what was received.
    """
    for bad, why in (
        (not text.isprintable(), "cannot be shown in one line"),
        (len(text) > LONGEST_SENTENCE, f"has {len(text):,} characters"),
        ("Received" not in text, "does not say what was received"),
    ):
        if bad:
            raise Fault(f"The sentence {why}: {text[:2000]!r}")


def refusal(attempt: Callable[[], object], kind: type[FlowerlabError], watched: Path | None = None) -> str | None:
    """Tries something and returns the sentence of its refusal; None if it was taken.

    Args:
        attempt: What is tried.
        kind: The one kind of error that it may raise.
        watched: A folder in which a refusal must leave everything as it was.

    Raises:
        Fault: If anything else is raised, the sentence is none, or something changed.
    """
    before = state_of(watched) if watched is not None else {}
    try:
        attempt()
    except kind as error:
        check_sentence(str(error))
        if watched is not None and state_of(watched) != before:
            raise Fault(f"It was refused and changed something: {error}") from error
        return str(error)
    except (MemoryError, Exception) as error:
        raise Fault(f"{type(error).__name__} instead of {kind.__name__}: {str(error)[:500]}") from error
    return None
