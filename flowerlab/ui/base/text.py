"""Counts, rates and states in words."""

from __future__ import annotations

from flowerlab.locale import _
from flowerlab.runs.run import RunState

STATE_SIGNS: dict[RunState, str] = {
    RunState.QUEUED: "⏳",
    RunState.PREPARING: "🧺",
    RunState.TRAINING: "🌱",
    RunState.STOPPING: "✋",
    RunState.EVALUATING: "🔍",
    RunState.DONE: "✅",
    RunState.STOPPED: "⏹️",
    RunState.FAILED: "⚠️",
    RunState.INTERRUPTED: "🔌",
}


def millions(count: int) -> str:
    """Writes a number of parameters as `154,087` or `14.7 M`."""
    return f"{count / 1e6:.1f} M" if count >= 1_000_000 else f"{count:,}"


def trainable_of(trainable: int, total: int) -> str:
    """Writes how much of a network learns: `9.4 M of 14.7 M parameters train`."""
    return _("{trainable} of {total} parameters train").format(trainable=millions(trainable), total=millions(total))


def what_parameters_are() -> str:
    """Explains what `trainable_of` counts."""
    return _("Parameters are the numbers inside a network. Those of frozen layers stay as they are.")


def decimals(value: float) -> str:
    """Writes a small number without an exponent: `0.00001`."""
    return f"{value:.10f}".rstrip("0").rstrip(".")


def points(share: float) -> str:
    """Writes a difference of two shares in points with its sign: `+6.0`, `−22.0`."""
    text = f"{100 * share:+.1f}"
    return text.lstrip("+-") if float(text) == 0 else text.replace("-", "−")


def state_words(state: RunState) -> str:
    """Writes a state with its sign."""
    return f"{STATE_SIGNS[state]} {_(state.value)}"


def escaped(text: str) -> str:
    """Returns a text that somebody typed such that Markdown shows it as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|~$:^&" else sign for sign in text)
