"""What the doctor says about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"  # as it should be
    WARNING = "warning"  # the lab runs, but something is missing or not as usual
    PROBLEM = "problem"  # the lab cannot run


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        subject: What was looked at, in one or two words.
        text: What was found, as a sentence.
        mend: What one can do about it; empty if nothing is to be done.
        missing_mb: Size of the download that would bring what is missing, in MB (10⁶ bytes); None if nothing is missing.
        source: The host that download comes from; None if nothing is missing.
    """

    subject: str
    level: Level
    text: str
    mend: str = ""
    missing_mb: float | None = None
    source: str | None = None

    def record(self) -> dict[str, Any]:
        """Returns the finding as a JSON object."""
        return {
            "subject": self.subject,
            "level": str(self.level),
            "text": self.text,
            "mend": self.mend or None,
            "missing_mb": self.missing_mb,
            "source": self.source,
        }
