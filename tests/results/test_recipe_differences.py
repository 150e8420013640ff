"""In what recipes differ, in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.recipe.recipe import Recipe
from flowerlab.results.recipe_differences import difference_rows, differences_sentence, differing_knobs, rate_text
from flowerlab.runs.run import Run, RunState


def runs_of(*recipes: dict[str, Any]) -> list[Run]:
    """Runs with these knobs."""
    return [
        Run(f"{number:012d}", number, f"run {number}", Recipe.parse(knobs), RunState.DONE, 1, 0.0, None, None, "", 0, None)
        for number, knobs in enumerate(recipes, start=1)
    ]


def told(runs: list[Run]) -> str:
    """The sentence on these runs, in a lab that has them."""
    # All runs are never read: a home may have hundreds.
    return differences_sentence(difference_rows(runs, {run.id: run for run in runs}.get))


def test_one_difference_is_a_sentence_with_its_values() -> None:
    """A learning rate is said as in a lab, each value once."""
    assert told(runs_of({}, {"learning_rate": 1e-5})) == "They differ only in the learning rate: 1e-3 and 1e-5."
    many = runs_of({}, {"seed": 1}, {"seed": 2}, {"seed": 1, "epochs": 5})
    assert told(many) == "They differ only in the seed: 0, 1 and 2."


def test_several_differences_are_named() -> None:
    """More than one knob: how many and which, in the recipe's order."""
    assert told(runs_of({}, {"seed": 1, "epochs": 7})) == "They differ in 2 knobs: epochs, seed."
    assert told(runs_of({}, {})).startswith("Their recipes are equal")


def test_where_a_run_begins_is_said_by_name() -> None:
    """A run that others go on from is named; one that is gone is told by its id."""
    b, c, d = runs_of(
        {"architecture": "vgg16_mini", "unfreeze_from": "none"},
        {"architecture": "vgg16_mini", "unfreeze_from": "none", "start_from": "000000000001"},
        {"architecture": "vgg16_mini", "unfreeze_from": "none", "start_from": "abcdefabcdef"},
    )
    assert told([b, c, d]) == "They differ only in the start from: none, run 1 and a run that was deleted (abcdefabcdef)."


@given(some.integers(0, 5), some.integers(0, 5), some.integers(1, 5), some.integers(1, 5))
def test_a_knob_differs_exactly_where_values_do(seed: int, other: int, epochs: int, others: int) -> None:
    """Only what has two values is told."""
    first, second = Recipe.parse({"seed": seed, "epochs": epochs}), Recipe.parse({"seed": other, "epochs": others})
    assert differing_knobs([first, second]) == ["epochs"] * (epochs != others) + ["seed"] * (seed != other)


@pytest.mark.parametrize(
    ("rate", "text"), [(1e-3, "1e-3"), (1e-5, "1e-5"), (0.02, "2e-2"), (1.0, "1"), (2.5e-5, "2.5e-5"), (0.1, "0.1")]
)
def test_rates_are_short(rate: float, text: str) -> None:
    """Small ones have a mantissa and an exponent without a leading zero, large ones stand as they are."""
    assert rate_text(rate) == text
