"""A program in sections: a title, a few sentences, code. Script and notebook are two ways to write them down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One step of the program.

    Args:
        title: For people, one line.
        text: What the step does and why, for a pupil: sentences, one paragraph.
        code: Python, without a line break at its end.
    """

    title: str
    text: str
    code: str


def lines(*parts: str) -> str:
    """Joins pieces of code; empty ones leave nothing behind."""
    return "\n".join(part for part in parts if part)
