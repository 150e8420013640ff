"""Numbers and states in words, with their unit and their doubt."""

from __future__ import annotations

from flowerlab.locale import _
from flowerlab.metrics import accuracy_interval
from flowerlab.store import RunState

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


def percent(share: float) -> str:
    """Writes a share (0..1) as `85.8 %`."""
    return f"{100 * share:.1f} %"


def percent_with_interval(share: float, total: int) -> str:
    """Writes a share of `total` photos with its 95 % interval: `85.8 % (83.6–87.7)`."""
    low, high = accuracy_interval(share, total)
    return f"{100 * share:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


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


def state_words(state: RunState) -> str:
    """Writes a state with its sign."""
    return f"{STATE_SIGNS[state]} {_(state.value)}"
