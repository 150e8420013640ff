"""What somebody typed, within Markdown."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Returns a text that somebody typed such that Markdown shows it as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|~$:^&" else sign for sign in text)
