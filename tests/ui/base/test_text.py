"""States and parameters in words."""

from __future__ import annotations

from flowerlab.locale.numbers import millions
from flowerlab.runs.run import RunState
from flowerlab.ui.base.text import state_words, trainable_of


def test_parameters_are_short() -> None:
    """The lecture's numbers read as they are spoken."""
    assert trainable_of(9_439_232, 14_714_688) == "9.4 M of 14.7 M parameters train"
    assert millions(154_087) == "154,087"


def test_every_state_has_words() -> None:
    """Each state is written with its own sign."""
    assert len({state_words(state).split()[0] for state in RunState}) == len(RunState)
