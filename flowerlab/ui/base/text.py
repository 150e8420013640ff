"""States and parameters in words; and text that users typed, as it is."""

from __future__ import annotations

from collections.abc import Sequence

from flowerlab.charts.colours import class_glyph
from flowerlab.locale import _
from flowerlab.locale.numbers import millions
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


def trainable_of(trainable: int, total: int) -> str:
    """Writes how much of a network learns: `9.4 M of 14.7 M parameters train`."""
    return _("{trainable} of {total} parameters train").format(trainable=millions(trainable), total=millions(total))


def what_parameters_are() -> str:
    """Explains what `trainable_of` counts."""
    return _("Parameters are the numbers inside a network. Those of frozen layers stay as they are.")


def state_words(state: RunState) -> str:
    """Writes a state with its sign."""
    return f"{STATE_SIGNS[state]} {_(state.value)}"


def escaped(text: str) -> str:
    """Returns a text that a user typed such that Markdown shows it as it is."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|~$:^&" else sign for sign in text)


def class_words(classes: Sequence[str], label: int) -> str:
    """Writes a class after its glyph, as Markdown."""
    return f"{class_glyph(label)} {escaped(classes[label])}"
