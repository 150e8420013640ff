"""What head and rate did in the fine-tuning experiment: each choice while the other stayed, photo by photo; and each arm against B."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flowerlab.evaluation.paired_tests import PairedTest, corrected
from flowerlab.recipe.presets import GENTLE_LEARNING_RATE, LECTURE_LEARNING_RATE
from flowerlab.results.answers import Answers
from flowerlab.results.pairing import pair, why_not_paired

Choice = Literal["rate", "head"]
Verdict = Literal["better", "worse", "unsure"]
HEADS = ("fresh", "trained")
RATES = (LECTURE_LEARNING_RATE, GENTLE_LEARNING_RATE)


@dataclass(frozen=True)
class Effect:
    """What one choice did while the other stayed (a simple effect).

    Args:
        choice: `rate`: the low rate instead of the lecture's; `head`: the head from B instead of a fresh one.
        head: What stayed, where the rate was changed.
        rate: What stayed, where the head was changed.
        test: The changed run against the other, on the same photos.
    """

    choice: Choice
    head: str | None
    rate: float | None
    test: PairedTest

    @property
    def gain(self) -> float:
        """Test accuracy that it brought, −1..1."""
        return self.test.difference

    @property
    def verdict(self) -> Verdict:
        """Whether it made things better or worse by more than chance would."""
        if not self.test.certain:
            return "unsure"
        return "better" if self.gain > 0 else "worse"


@dataclass(frozen=True)
class Findings:
    """All that the experiment sets against each other, with p values that hold for all of it together (Holm).

    Args:
        effects: The four simple effects: the rate under either head, then the head at either rate. None of them where an arm is missing
            or was tested on other photos.
        against_b: Each arm against B, by head and learning rate; only those that were tested on the same photos.
    """

    effects: list[Effect]
    against_b: dict[tuple[str, float], PairedTest]


def findings(arms: Mapping[tuple[str, float], Answers], b: Answers | None) -> Findings:
    """Compares the arms with each other and with B.

    Args:
        arms: Answers of each arm by head and learning rate, as in `experiments.ready_made.TWO_BY_TWO`; arms without answers left out.
        b: Those of B; None if they are not kept.
    """
    places = [(head, rate) for head in HEADS for rate in RATES]
    there = [arms[place] for place in places if place in arms]
    simple: list[Effect] = []
    if len(there) == len(places) and not any(why_not_paired(there[0], arm) for arm in there[1:]):
        high, low = RATES
        fresh, trained = HEADS
        simple = [Effect("rate", head, None, pair(arms[head, low], arms[head, high])) for head in HEADS]
        simple += [Effect("head", None, rate, pair(arms[trained, rate], arms[fresh, rate])) for rate in RATES]
    against_b = {place: pair(arm, b) for place, arm in arms.items() if b is not None and not why_not_paired(arm, b)}
    tests = corrected([*(effect.test for effect in simple), *against_b.values()])
    return Findings(
        [replace(effect, test=test) for effect, test in zip(simple, tests, strict=False)],
        dict(zip(against_b, tests[len(simple) :], strict=True)),
    )


def of_choice(effects: Sequence[Effect], choice: Choice) -> list[Effect]:
    """Returns the two effects of one choice."""
    return [effect for effect in effects if effect.choice == choice]


def average_gain(effects: Sequence[Effect]) -> float | None:
    """Returns the mean gain of effects, −1..1; None if they do not all point the same way: a mean would hide that."""
    gains = [effect.gain for effect in effects]
    if not gains or not (all(gain > 0 for gain in gains) or all(gain < 0 for gain in gains)):
        return None
    return sum(gains) / len(gains)


def told_verdict(effects: Sequence[Effect]) -> Verdict | Literal["mixed"]:
    """Returns what effects of one choice come to: `mixed` if it was really better here and really worse there."""
    verdicts = {effect.verdict for effect in effects} - {"unsure"}
    if len(verdicts) == 2:
        return "mixed"
    return verdicts.pop() if verdicts else "unsure"
