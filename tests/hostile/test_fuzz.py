"""Two thousand cases that nobody thought of; `python -m tools.checks.fuzz` makes a hundred thousand with the same code."""

from __future__ import annotations

from unittest import mock

import pytest

from tests.support.hostile import generated, rounds
from tests.support.hostile.rounds import KINDS, run_round, run_rounds, shares

CASES = 2_000


@pytest.mark.parametrize("kind", KINDS)
def test_generated_cases_are_taken_or_refused_in_a_sentence(kind: str) -> None:
    """Photos, recipes, links, names, both kinds of zips, models, packs, commands: nothing but an answer; a refusal changes nothing."""
    outcome = run_rounds(kind, cases=shares(CASES)[kind], number=1)
    assert outcome.fault == ""
    assert outcome.cases == shares(CASES)[kind]
    assert outcome.refused > 0
    assert sum(shares(CASES).values()) == CASES


def test_rounds_go_on_until_as_many_were_tried_as_were_asked_for() -> None:
    """Where Hypothesis ends a round early, the next one, of the next seed, makes up for it."""
    with mock.patch.object(rounds, "CASES_A_ROUND", 4):
        outcome = run_rounds("name", cases=10, number=1)
    assert (outcome.cases, outcome.seed, outcome.asked) == (10, 3, 2)


def test_a_fault_is_found_and_told_with_its_case() -> None:
    """Where an entrance lets a stack trace through, the round tells the error and the smallest case."""

    def breaks(data: bytes, name: str) -> None:
        raise ZeroDivisionError("a decoder's own")

    with mock.patch.object(generated, "read_photo", breaks):
        outcome = run_round("photo", cases=20, number=1)
    assert "ZeroDivisionError instead of BadPhoto" in outcome.fault
    assert "case: (0, Damage(" in outcome.fault
