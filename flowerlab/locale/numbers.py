"""Numbers as people read them: percentages with their doubt, and times."""

from __future__ import annotations

from flowerlab.locale import _


def percent(share: float) -> str:
    """Writes a share (0..1) as `85.8 %`."""
    return f"{100 * share:.1f} %"


def percent_with_interval(share: float, low: float, high: float) -> str:
    """Writes a share with the ends of its interval, all 0..1: `85.8 % (83.6–87.7)`."""
    return f"{percent(share)} ({100 * low:.1f}–{100 * high:.1f})"


def confidence(probability: float) -> str:
    """Writes the probability (0..1) of an answer such that neither confidence nor doubt is rounded away.

    Such as `97 %`, `over 99 %`, `under 1 %`: no network knows for certain, even where float32 rounds it to 1.
    """
    if probability > 0.99:
        return _("over 99 %")
    return _("under 1 %") if probability < 0.01 else f"{probability * 100:.0f} %"


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


def roughly(seconds: float) -> str:
    """Writes an estimate with no more digits than it deserves: `0.3 s`, `4 s`, `35 s`, `3 min`, `1 h 20 min`."""
    if seconds < 0.95:
        return f"{max(seconds, 0.1):.1f} s"
    if seconds < 20:
        return f"{round(seconds)} s"
    if seconds < 57.5:
        return f"{5 * round(seconds / 5)} s"
    minutes = seconds / 60
    if minutes < 9.5:
        return f"{round(2 * minutes) / 2:g} min"
    if minutes < 57.5:
        return f"{5 * round(minutes / 5)} min"
    tens = round(minutes / 10)
    return f"{tens // 6} h {tens % 6 * 10} min" if tens % 6 else f"{tens // 6} h"


def size(count: float) -> str:
    """Writes a number of bytes as `0.4 MB`, `35 MB`, `1.2 GB` (10⁶ and 10⁹ bytes), with no more digits than one reads."""
    if count < 999.5e6:
        megabytes = max(count, 0.0) / 1e6
        return f"{megabytes:.1f} MB" if megabytes < 9.95 else f"{megabytes:.0f} MB"
    return f"{count / 1e9:.1f} GB"


def points(share: float) -> str:
    """Writes a difference of two shares in points with its sign: `+6.0`, `−22.0`."""
    text = f"{100 * share:+.1f}"
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def decimals(value: float) -> str:
    """Writes a small number without an exponent: `0.00001`."""
    return f"{value:.10f}".rstrip("0").rstrip(".")


def millions(count: int) -> str:
    """Writes a number of parameters as `154,087` or `14.7 M`."""
    return f"{count / 1e6:.1f} M" if count >= 1_000_000 else f"{count:,}"
