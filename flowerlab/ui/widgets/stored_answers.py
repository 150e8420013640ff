"""What finished runs answered, read once for all viewers: a rerun of a page reads no file twice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import streamlit as st

from flowerlab.evaluation.hardest_photos import Judged, judge
from flowerlab.evaluation.validation_history import EpochAnswers, epoch_answers
from flowerlab.lab import Lab
from flowerlab.results.answers import Answers, Calibrated, answers_of, calibrated, temperature_of
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import Run


@dataclass(frozen=True)
class Stored:
    """A run's answers, and what was computed from them.

    Args:
        tested: To its test photos; None if it was not tested.
        epochs: To its validation photos, epoch by epoch; None if they were not kept.
    """

    tested: Answers | None
    epochs: EpochAnswers | None

    @cached_property
    def judged(self) -> Judged | None:
        """The answers to the test photos, one by one."""
        return None if self.tested is None else judge(self.tested.probabilities, self.tested.truth)

    @cached_property
    def calibrated(self) -> Calibrated | None:
        """How well confidence fits on the test photos."""
        return None if self.tested is None else calibrated(self.tested)

    @cached_property
    def temperature(self) -> float | None:
        """What all logits are divided by; None if it is not known."""
        return temperature_of(self.tested)


def stored_of(lab: Lab, run: Run) -> Stored:
    """Returns the answers of a run that has a result."""
    file = lab.home.run(run.id) / "predictions.npz"
    written_ns = file.stat().st_mtime_ns if file.exists() else 0
    # A run that is renamed, or shown beside one of its name, is called otherwise in what is said of its answers.
    return _stored(lab, run, run.id, run.name, written_ns)


@st.cache_resource(max_entries=24, show_spinner=False)
def _stored(_lab: Lab, _run: Run, run_id: str, name: str, written_ns: int) -> Stored:
    return Stored(answers_of(_lab.home, _lab.store, _run), epoch_answers(load_predictions(_lab.home.run(run_id))))
