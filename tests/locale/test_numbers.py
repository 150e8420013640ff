"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.locale.numbers import confidence, decimals, duration, percent_with_interval, spelled


def test_a_share_comes_with_its_interval() -> None:
    """The table's 85.8 % of 1,097 photos have their 95 % Wilson interval."""
    assert percent_with_interval(941 / 1097, *accuracy_interval(941 / 1097, 1097)) == "85.8 % (83.6–87.7)"


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0.0, "under 1 %"), (0.004, "under 1 %"), (0.974, "97 %"), (0.99, "99 %"), (0.9999, "over 99 %"), (1.0, "over 99 %")],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, words: str) -> None:
    """No network is said to be 100 % sure, nor to rule a class out."""
    assert confidence(probability) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.44, "0.4 s"), (9.96, "10 s"), (12.4, "12 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_seconds_are_written_as_one_says_them(seconds: float, words: str) -> None:
    """Short times keep a decimal, long ones are minutes or hours."""
    assert duration(seconds) == words


@given(some.floats(0, 1e6))
def test_no_unit_runs_over(seconds: float) -> None:
    """No time says 60 s or 60 min."""
    assert not {"60 s", "60 min"} & set(duration(seconds).replace(" s", " s|").replace(" min", " min|").split("|"))


def test_small_numbers_are_words() -> None:
    """Five is a word, thirteen and more are figures."""
    assert [spelled(count) for count in (2, 5, 12, 13, 1097)] == ["two", "five", "twelve", "13", "1,097"]


@given(some.floats(1e-6, 1))
def test_decimals_have_no_exponent_and_lose_nothing(value: float) -> None:
    """A learning rate is written without an exponent and within 1e-10 of itself."""
    text = decimals(value)
    assert "e" not in text
    assert float(text) == pytest.approx(value, abs=1e-10)
