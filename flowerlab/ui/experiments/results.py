"""What the two experiments on the photos came to, in figures and in a pupil's words; what all three share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from flowerlab.evaluation.intervals import share_difference_interval
from flowerlab.evaluation.paired_tests import PairedTest, paired_test
from flowerlab.experiments.ready_made import Trial
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import percent, points
from flowerlab.results.answers import answers_of
from flowerlab.results.pairing import pair, why_not_paired
from flowerlab.results.sentences import accuracy_words, pair_sentence
from flowerlab.runs.run import Run
from flowerlab.ui.widgets.stored_answers import stored_of


def show_leak(lab: Lab, trial: Trial) -> None:
    """Both accuracies, why they cannot be set against each other photo by photo, and what a leak is."""
    b, leak = trial.runs["B"], trial.runs["leak"]
    _side_by_side(
        [
            (b, _("B, honest"), _("tested on photos that it never saw")),
            (leak, _("B with the leak ⚠️"), _("tested on photos that trained it")),
        ]
    )
    more = leak_shows(leak, b)
    if more is not None:
        st.markdown(leak_sentence(more))
        st.markdown(leak_reason(more))
    looked_at = validation_sentence(lab, leak, b)
    if looked_at:
        st.markdown(looked_at)


@dataclass(frozen=True)
class Shown:
    """What the test with the leak shows more than the honest one, −1..1, with its 95 % interval."""

    more: float
    low: float
    high: float


def leak_shows(leak: Run, honest: Run) -> Shown | None:
    """Returns what the leak shows more, as two tests on different photos do; None without both tests."""
    mine, other = leak.result, honest.result
    if mine is None or other is None or mine.test_accuracy is None or other.test_accuracy is None:
        return None
    low, high = share_difference_interval(
        round(mine.test_accuracy * mine.test_photos),
        mine.test_photos,
        round(other.test_accuracy * other.test_photos),
        other.test_photos,
    )
    return Shown(mine.test_accuracy - other.test_accuracy, low, high)


def leak_sentence(shown: Shown) -> str:
    """Says what the leak shows more, and whether that may be chance."""
    text = _(
        "The leak shows **{points} points**, with a 95 % interval of {low} to {high} (Newcombe 1998: the two tests asked different "
        "photos, so they cannot be compared photo by photo)."
    ).format(points=points(shown.more), low=points(shown.low), high=points(shown.high))
    if shown.low <= 0 <= shown.high:
        return f"🎲 {text} " + _("As 0 lies in it, that may be chance.")
    return f"✅ {text} " + _("As 0 does not lie in it, chance alone would hardly make such a difference.")


def leak_reason(shown: Shown) -> str:
    """Explains what the leak does, as far as these two tests have shown it."""
    what = _("Whoever has seen the questions of an examination before can learn the answers by heart.")
    if shown.low > 0:
        return f"**{_('Why?')}** {what} " + _(
            "The network is the same and learnt from the same photos; it is not better with the leak, only its mark is. On "
            "new photos it would do as the honest test says."
        )
    if shown.high < 0:
        return f"**{_('What a leak does:')}** {what} " + _(
            "Here its mark is lower all the same, which a leak cannot explain: the two tests asked different photos, and those of "
            "the leaky one may be harder. More photos or another seed would tell."
        )
    return f"**{_('What a leak does:')}** {what} " + _(
        "Here these networks have not learnt enough by heart for the tests to show it. That does not make the leaky test a test: more "
        "epochs, or a network that learns from scratch, may show more."
    )


def validation_sentence(lab: Lab, leak: Run, honest: Run) -> str:
    """Says whether the two runs do equally well on the photos that trained neither of them; empty if they are not the same."""
    sides = [(run, stored_of(lab, run).epochs) for run in (leak, honest)]
    rights = []
    for run, answers in sides:
        if answers is None or run.result is None or run.result.best_epoch >= answers.epochs:
            return ""
        named = answers.probabilities[run.result.best_epoch].argmax(axis=1) == answers.truth
        rights.append(dict(zip(answers.ids, named.tolist(), strict=True)))
    if rights[0].keys() != rights[1].keys():
        return ""
    of_leak, of_honest = (np.array([right[photo] for photo in rights[0]], dtype=bool) for right in rights)
    text = _(
        "**Look at** the validation accuracy, on photos that trained neither run: {honest} honest, {leak} with the leak."
    ).format(honest=percent(of_honest.mean()), leak=percent(of_leak.mean()))
    if int(of_leak.sum()) == int(of_honest.sum()):
        return text + " " + _("It is the same: only the test differs.")
    if not paired_test(of_leak, of_honest).real:
        return text + " " + _("That may be chance: nothing shows that anything but the test differs.")
    return text + " " + _("That is more than chance would make, so that not only the test differs: repeat it with another seed.")


def show_padding(lab: Lab, trial: Trial) -> None:
    """Both accuracies, whether the difference is real, and what the padding does."""
    b, padding = trial.runs["B"], trial.runs["padding"]
    _side_by_side(
        [
            (b, _("B, whole square"), _("each photo fills the square")),
            (padding, _("B with the padding"), _("on a black canvas of 1024 × 442 first")),
        ]
    )
    st.markdown(padding_reason(set_against(lab, padding, b, _("B with the padding"), _("B, whole square"))))
    st.markdown(
        _("**Look at** a photo on the Data page as the network sees it, in both ways of resizing. Could you tell the flower?")
    )


def padding_reason(test: PairedTest | None) -> str:
    """Explains what the padding does, as far as the test of B with it against B has shown it; None if they cannot be tested."""
    what = _(
        "The lecture's way of loading puts every photo into the corner of a canvas of 1024 × 442, as large as the largest photo of "
        "tf_flowers, and then squashes all of it. Most of the square is black, and the flower is a small patch: the network sees it with "
        "far fewer pixels. Nobody chose that; it is what a default does."
    )
    if test is not None and test.certain and test.difference < 0:
        return f"**{_('Why?')}** {what}"
    words = f"**{_('What the padding does:')}** {what}"
    if test is None:
        return words
    if test.certain:
        return f"{words} " + _("Here that did no harm: the run with it is better, which this cannot explain. Try another seed.")
    return f"{words} " + _("Here that cost nothing that is larger than chance.")


def set_against(lab: Lab, run: Run, other: Run, label: str, other_label: str) -> PairedTest | None:
    """Says whether two runs really differ, and returns the test of the first against the second.

    Args:
        label, other_label: What they are called on this page: a run may have the name that another pupil gave it.

    Returns:
        None if their answers are not kept, or are not to the same photos.
    """
    first, second = answers_of(lab.home, lab.store, run), answers_of(lab.home, lab.store, other)
    if first is None or second is None:
        return None
    test = None if why_not_paired(first, second) else pair(first, second)
    st.markdown(verdict_line(label, other_label, test))
    return test


def verdict_line(label: str, other_label: str, test: PairedTest | None) -> str:
    """Writes whether two runs really differ as a line of Markdown; the test is None if they were not asked the same photos."""
    if test is None:
        return _("🚫 {run} and {other} were not tested on the same photos, so that they cannot be compared photo by photo.").format(
            run=label, other=other_label
        )
    return f"{'✅' if test.certain else '🎲'} {pair_sentence(label, other_label, test)}"


def _side_by_side(sides: Sequence[tuple[Run, str, str]]) -> None:
    grid = st.grid(columns=len(sides), min_column_width=220, gap="medium")
    for run, title, sentence in sides:
        with grid.cell():
            result = run.result
            value = percent(result.test_accuracy) if result and result.test_accuracy is not None else _("not tested")
            validated = percent(result.val_accuracy) if result else "–"
            st.metric(title, value, help=_("Test accuracy; under it with its 95 % interval."))
            st.caption(f"{accuracy_words(run, _('not tested'))} · {sentence} · " + _("validation {share}").format(share=validated))
