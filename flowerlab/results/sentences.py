"""What a run, and a comparison of two runs, came to: in words."""

from __future__ import annotations

from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.evaluation.paired_tests import SURE_BELOW, PairedTest
from flowerlab.locale import _
from flowerlab.locale.numbers import percent_with_interval
from flowerlab.runs.run import Run


def accuracy_words(run: Run, untested: str) -> str:
    """Writes a run's test accuracy with its 95 % interval: `85.8 % (83.6–87.7)`; `untested` if there is none."""
    result = run.result
    if result is None or result.test_accuracy is None:
        return untested
    return percent_with_interval(result.test_accuracy, *accuracy_interval(result.test_accuracy, result.test_photos))


def pair_sentence(first: str, second: str, test: PairedTest) -> str:
    """Says in one plain sentence whether a difference was found, and in a second one if test and interval disagree."""
    if test.only_first_right == test.only_second_right:
        return _equal_sentence(first, second, test)
    better, worse = (first, second) if test.difference > 0 else (second, first)
    if test.real:
        words = _(
            "{better} was better than {worse} by {points} points{interval}, and that is hardly chance: if both were equally good, "
            "it would happen in {cases}."
        )
    elif test.mcnemar_p < SURE_BELOW:
        words = _(
            "{better} was better than {worse} by {points} points{interval}, but that may be chance: looked at alone it would happen in "
            "{cases} if both were equally good, but {pairs} pairs were tested, and among so many one such comes easily."
        )
    else:
        words = _(
            "{better} was better than {worse} by {points} points{interval}, but that may be chance: it would happen in {cases} if both "
            "were equally good."
        )
    sentence = words.format(
        better=better,
        worse=worse,
        points=f"{abs(test.difference) * 100:.1f}",
        cases=_in_words(test.mcnemar_p),
        interval=_interval_words(test if test.difference > 0 else test.reverse),
        pairs=test.tested_together,
    )
    return f"{sentence} {_disagreement(test)}" if test.disagrees else sentence


def _equal_sentence(first: str, second: str, test: PairedTest) -> str:
    only = test.only_first_right
    if not only:
        words = _("No difference was found between {first} and {second}: they named the same photos rightly.")
    elif only == 1:
        words = _(
            "No difference was found between {first} and {second}{interval}: each named 1 photo rightly that the other did not."
        )
    else:
        words = _(
            "No difference was found between {first} and {second}{interval}: each named {only} photos rightly that the other did not."
        )
    return words.format(first=first, second=second, interval=_interval_words(test), only=f"{only:,}")


def _interval_words(test: PairedTest) -> str:
    """Writes the interval after a difference; nothing where there are too few photos for one."""
    if test.interval is None:
        return ""
    low, high = (f"{bound * 100:+.1f}".replace("-", "−") for bound in test.interval)
    return " " + _("({low} to {high})").format(low=low, high=high)


def _disagreement(test: PairedTest) -> str:
    if test.mcnemar_p < SURE_BELOW:
        words = _("The interval says otherwise, for it reaches 0: this lies on the border, and more test photos would decide.")
    else:
        words = _("The interval says otherwise, for it leaves 0 out: this lies on the border, and more test photos would decide.")
    return words


def _in_words(p: float) -> str:
    if p < 0.001:
        return _("less than 1 of 1,000 cases")
    # Near the border of 5 of 100 one digit more, so that a sentence does not seem to contradict itself.
    if p < 0.01 or 0.04 < p < 0.06:
        return _("{count} of 1,000 cases").format(count=round(p * 1000))
    return _("{count} of 100 cases").format(count=round(p * 100))
