"""Numbers as people read them: percentages with their doubt, and times."""

from __future__ import annotations

from flowerlab.metrics import accuracy_interval


def percent(share: float) -> str:
    """Writes a share (0..1) as `85.8 %`."""
    return f"{100 * share:.1f} %"


def percent_with_interval(share: float, total: int) -> str:
    """Writes a share (0..1) of `total` photos with its 95 % interval: `85.8 % (83.6–87.7)`."""
    low, high = accuracy_interval(share, total)
    return f"{percent(share)} ({100 * low:.1f}–{100 * high:.1f})"


NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def spelled(count: int) -> str:
    """Writes a small number as a word (`five`), a larger one in figures."""
    return NUMBERS[count] if 0 <= count < len(NUMBERS) else f"{count:,}"


def duration(seconds: float) -> str:
    """Writes seconds as `0.4 s`, `12 s`, `3 min 20 s` or `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
