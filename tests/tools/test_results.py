"""The record that the results are made of, and the report."""

from __future__ import annotations

from pathlib import Path

from tools.results.record import Figures, Record
from tools.results.report import report
from tools.results.wanted import DIFFICULTIES, SEEDS, Wanted, everything, wanted

FIGURES = Figures(
    test_accuracy=0.5, test_photos=100, trainable_parameters=7, total_parameters=9, seconds=3.5, ended_s=1_764_000_000
)


def test_a_record_gives_back_what_it_was_given(tmp_path: Path) -> None:
    """Figures are found again in a new process, for the same run on the same photos and weights only."""
    run = wanted("B", "garden", "vgg16_mini", difficulty=0.5)
    Record(tmp_path / "runs.json").keep(run, "garden-1 weights-1", FIGURES)
    again = Record(tmp_path / "runs.json")
    assert again.find(run, "garden-1 weights-1") == FIGURES
    assert again.find(run, "garden-1 weights-2") is None
    assert again.find(wanted("B", "garden", "vgg16_mini", difficulty=0.25), "garden-1 weights-1") is None


def test_a_record_keeps_the_other_runs(tmp_path: Path) -> None:
    """A run that is added leaves those that were there, one line each."""
    record = Record(tmp_path / "runs.json")
    for seed in SEEDS:
        record.keep(wanted("A", "garden", "", seed=seed), "garden-1", FIGURES)
    assert len((tmp_path / "runs.json").read_text().splitlines()) == len(SEEDS) + 2
    assert Record(tmp_path / "runs.json").find(wanted("A", "garden", "", seed=0), "garden-1") == FIGURES


def test_the_report_says_what_is_missing() -> None:
    """A mean of fewer seeds says so, and the difficulty's rule is not said to hold before all of A was measured."""

    def find(one: Wanted) -> Figures | None:
        return FIGURES if one.letter == "A" and one.seed == 0 else None

    text = report(find, everything(), "plot.png")
    assert f"**50.0 %** (40.4–59.6), 1 of {len(SEEDS)} runs" in text
    assert "not yet the rule's" in text
    assert "A comes nearest to 55.9" not in text


def test_the_report_applies_the_rule() -> None:
    """Where A was measured at every difficulty, the nearest to its accuracy on real photos is named."""

    def find(one: Wanted) -> Figures:
        accuracy = 0.56 if one.difficulty == DIFFICULTIES[2] else 0.3
        return Figures(**{**FIGURES.__dict__, "test_accuracy": accuracy})

    assert f"A comes nearest to 55.9 % at {DIFFICULTIES[2]:g}" in report(find, everything(), "plot.png")


def test_more_seeds_do_not_narrow_the_interval() -> None:
    """Three seeds on the same photos: the interval is that of the mean on those photos, and each seed's accuracy is told."""
    accuracies = {0: 0.4, 1: 0.5, 2: 0.6}

    def find(one: Wanted) -> Figures:
        return Figures(**{**FIGURES.__dict__, "test_accuracy": accuracies[one.seed]})

    assert "**50.0 %** (40.4–59.6): 40.0, 50.0, 60.0 |" in report(find, everything(), "plot.png")
