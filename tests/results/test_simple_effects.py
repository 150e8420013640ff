"""What head and rate did: four simple effects, an average only where it hides nothing, and a reason that fits what was measured."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowerlab.results.answers import Answers
from flowerlab.results.simple_effects import HEADS, RATES, Effect, average_gain, findings, of_choice, told_verdict
from flowerlab.runs.run import Run
from flowerlab.ui.experiments.fine_tuning_words import effect_lines, why_sentences

PHOTOS = 200
HIGH, LOW = RATES
RUN = cast(Run, SimpleNamespace(id="0" * 12, name="somebody's", recipe=SimpleNamespace(dataset="garden")))


def answers(share: float) -> Answers:
    """Answers of which this share is right, the same photos for all."""
    probabilities = np.zeros((PHOTOS, 2), dtype=np.float32)
    right = np.arange(PHOTOS) < round(share * PHOTOS)
    probabilities[np.arange(PHOTOS), np.where(right, 0, 1)] = 1
    truth, none = np.zeros(PHOTOS, dtype=np.int64), np.zeros(0, dtype=np.int64)
    return Answers(RUN, "x", ("a", "b"), np.arange(PHOTOS).astype(str), truth, probabilities, none, probabilities[:0])


def arms(*shares: float) -> dict[tuple[str, float], Answers]:
    """Fresh high, fresh low, trained high, trained low."""
    places = [(head, rate) for head in HEADS for rate in RATES]
    return {place: answers(share) for place, share in zip(places, shares, strict=True)}


def simple_effects(of: dict[tuple[str, float], Answers]) -> list[Effect]:
    """The four simple effects, where B's answers are not kept."""
    return findings(of, None).effects


INTERACTION = (0.76, 0.80, 0.26, 0.86)


def moves(*shares: float) -> dict[tuple[str, float], float]:
    """How far the middle layer moved, in the order of `arms`."""
    return dict(zip(arms(*INTERACTION), shares, strict=True))


def test_each_choice_is_told_at_either_value_of_the_other() -> None:
    """0.76 and 0.80 under a fresh head, 0.26 and 0.86 under B's: +4 and +60 points for the rate, −50 and +6 for the head."""
    effects = simple_effects(arms(*INTERACTION))
    assert [(one.head, one.rate) for one in effects] == [("fresh", None), ("trained", None), (None, HIGH), (None, LOW)]
    assert [one.gain for one in effects] == pytest.approx([0.04, 0.60, -0.50, 0.06])


def test_an_average_is_told_only_if_both_point_the_same_way() -> None:
    """The rate gained under both heads and has its mean; the head lost here and gained there, and has none."""
    effects = simple_effects(arms(*INTERACTION))
    assert average_gain(of_choice(effects, "rate")) == pytest.approx(0.32)
    assert average_gain(of_choice(effects, "head")) is None
    rate, head = effect_lines(effects)
    assert "On average **+32.0 points**" in rate
    assert "at 0.001 **−50.0 points** (−57.0 to −43.0)" in head
    assert "at 0.00001 **+6.0 points**" in head
    assert "an average would hide that" in head
    assert "−22" not in head


@settings(max_examples=25, deadline=None)
@given(shares=st.tuples(*[st.integers(0, 20).map(lambda twentieth: twentieth / 20)] * 4), moved=st.booleans())
def test_no_reason_is_given_for_what_was_not_measured(shares: tuple[float, ...], moved: bool) -> None:
    """“Why was … better” stands there if and only if something was really better, “worse” likewise; else that nothing is sure."""
    effects = simple_effects(arms(*shares))
    told = why_sentences(effects, moves(0.4, 0.01, 0.5, 0.02) if moved else {})
    for sentence, choice in zip(told, ("rate", "head"), strict=False):
        found: list[Any] = [one.verdict for one in of_choice(effects, choice)]  # type: ignore[arg-type]
        assert ("better " in sentence.partition("?")[0]) == ("better" in found)
        assert (" worse " in sentence) == ("worse" in found)
        assert ("no difference here that is larger than chance" in sentence) == (set(found) == {"unsure"})
        assert moved or "%" not in sentence


def test_the_reason_depends_on_how_far_layers_moved() -> None:
    """Layers that moved further at the high rate bear the reason out; if they did not, that is said."""
    effects = simple_effects(arms(*INTERACTION))
    rate, head, seed = why_sentences(effects, moves(0.4, 0.01, 0.5, 0.02))
    assert "Why was 0.00001 better under a fresh head and under the head from B?" in rate
    assert "bear this out: they moved by 40.0 % and 50.0 % at the high rate and by 1.0 % and 2.0 % at" in rate
    assert "Why was the head from B worse at 0.001?" in head
    assert "moved further under the head from B (50.0 % against 40.0 %)" in head
    assert "one seed" in seed
    rate, head, _seed = why_sentences(effects, moves(0.4, 0.4, 0.3, 0.3))
    assert "But the layers did not move further at the high rate" in rate
    assert "did not move further under the head from B" in head


def test_better_here_and_worse_there_is_mixed() -> None:
    """A head that is really worse at one rate and really better at the other is neither."""
    effects = simple_effects(arms(0.8, 0.3, 0.3, 0.8))
    assert told_verdict(of_choice(effects, "head")) == "mixed"
    assert told_verdict(of_choice(effects, "rate")) == "mixed"
    assert told_verdict(simple_effects(arms(0.5, 0.5, 0.5, 0.5))) == "unsure"


def test_all_that_is_looked_at_is_corrected_together() -> None:
    """A difference that alone would count (p 0.031 on 6 photos) does not among eight; a large one does; no interval on 6 photos."""
    found = findings(arms(0.50, 0.53, 0.50, 0.80), answers(0.5))
    rate = found.effects[0].test
    assert rate.mcnemar_p < 0.05 < rate.p
    assert rate.tested_together == 8
    assert found.effects[0].verdict == "unsure"
    assert found.effects[1].verdict == "better"
    assert list(found.against_b) == list(arms(*INTERACTION))
    assert [test.certain for test in found.against_b.values()] == [False, False, False, True]
    assert "🎲 **+3.0 points** (too few differing photos for an interval: 6)" in effect_lines(found.effects)[0]


def test_what_cannot_be_compared_is_left_out() -> None:
    """Without one arm there are no simple effects, and the others still stand against B; without B there is nothing to stand against."""
    three = {place: one for place, one in arms(*INTERACTION).items() if place != ("fresh", LOW)}
    found = findings(three, answers(0.5))
    assert found.effects == []
    assert list(found.against_b) == list(three)
    assert findings(three, None).against_b == {}
