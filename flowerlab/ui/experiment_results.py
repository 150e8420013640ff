"""What the two experiments on the photos came to, in figures and in a pupil's words; what all three share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from flowerlab.comparison import answers_of, pair, pair_sentence, why_not_paired
from flowerlab.experiments import Trial
from flowerlab.figures import percent, percent_with_interval
from flowerlab.locale import _
from flowerlab.metrics import share_difference_interval
from flowerlab.paired import PairedTest, paired_test
from flowerlab.run import Run
from flowerlab.runs import Lab
from flowerlab.ui.stored_answers import stored_of
from flowerlab.ui.words import points


def show_leak(lab: Lab, trial: Trial) -> None:
    """Both accuracies, why they cannot be set against each other photo by photo, and what a leak is."""
    b, leak = trial.runs["B"], trial.runs["leak"]
    _side_by_side(
        [
            (b, _("B, honest"), _("tested on photos that it never saw")),
            (leak, _("B with the leak ⚠️"), _("tested on photos that trained it")),
        ]
    )
    told = leak_sentence(leak, b)
    if told:
        st.markdown(told)
    st.markdown(
        _(
            "**Why?** Whoever has seen the questions of an examination before can learn the answers by heart. The network is the same "
            "and learnt from the same photos; it is not better with the leak, only its mark is. On new photos it would do "
            "as the honest test says."
        )
    )
    looked_at = validation_sentence(lab, leak, b)
    if looked_at:
        st.markdown(looked_at)


def leak_sentence(leak: Run, honest: Run) -> str:
    """Says what the leak shows more, with the interval of two tests on different photos; empty without both tests."""
    mine, other = leak.result, honest.result
    if mine is None or other is None or mine.test_accuracy is None or other.test_accuracy is None:
        return ""
    low, high = share_difference_interval(
        round(mine.test_accuracy * mine.test_photos), mine.test_photos,
        round(other.test_accuracy * other.test_photos), other.test_photos,
    )  # fmt: skip
    text = _(
        "The leak shows **{points} points**, with a 95 % interval of {low} to {high} (Newcombe 1998: the two tests asked different "
        "photos, so they cannot be compared photo by photo)."
    ).format(points=points(mine.test_accuracy - other.test_accuracy), low=points(low), high=points(high))
    if low <= 0 <= high:
        return f"🎲 {text} " + _("As 0 lies in it, that may be chance.")
    return f"✅ {text} " + _("As 0 does not lie in it, chance alone would hardly make such a difference.")


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
    return (
        text
        + " "
        + _("That is more than chance would make, so that not only the test differs: repeat it with another seed.")
    )


def show_padding(lab: Lab, trial: Trial) -> None:
    """Both accuracies, whether the difference is real, and what the padding does."""
    b, padding = trial.runs["B"], trial.runs["padding"]
    _side_by_side(
        [
            (b, _("B, whole square"), _("each photo fills the square")),
            (padding, _("B with the padding"), _("on a black canvas of 1024 × 442 first")),
        ]
    )
    set_against(lab, padding, b, _("B with the padding"), _("B, whole square"))
    st.markdown(
        _(
            "**Why?** The lecture's way of loading puts every photo into the corner of a canvas of 1024 × 442, as large as the largest "
            "photo of tf_flowers, and then squashes all of it. Most of the square is black, and the flower is a small patch: the network "
            "sees it with far fewer pixels. Nobody chose that; it is what a default does."
        )
    )
    st.markdown(
        _(
            "**Look at** a photo on the Data page as the network sees it, in both ways of resizing. Could you tell the flower?"
        )
    )


def accuracy_words(run: Run) -> str:
    """Writes a run's test accuracy with its interval: `85.8 % (83.6–87.7)`."""
    result = run.result
    if result is None or result.test_accuracy is None:
        return _("not tested")
    return percent_with_interval(result.test_accuracy, result.test_photos)


def set_against(lab: Lab, run: Run, other: Run, label: str, other_label: str) -> None:
    """Says whether two runs that were asked the same photos really differ.

    Args:
        lab: Whose runs.
        run, other: Tested ones.
        label, other_label: What they are called on this page: a run may bear the name that another pupil gave it.
    """
    first, second = answers_of(lab, run), answers_of(lab, other)
    if first is not None and second is not None:
        test = None if why_not_paired(first, second) else pair(first, second)
        st.markdown(verdict_line(label, other_label, test))


def verdict_line(label: str, other_label: str, test: PairedTest | None) -> str:
    """Writes whether two runs really differ as a line of Markdown.

    Args:
        label, other_label: What they are called on this page.
        test: The first against the second; None if they were not asked the same photos.
    """
    if test is None:
        return _(
            "🚫 {run} and {other} were not tested on the same photos, so that they cannot be compared photo by photo."
        ).format(run=label, other=other_label)
    return f"{'✅' if test.certain else '🎲'} {pair_sentence(label, other_label, test)}"


def _side_by_side(sides: Sequence[tuple[Run, str, str]]) -> None:
    grid = st.grid(columns=len(sides), min_column_width=220, gap="medium")
    for run, title, sentence in sides:
        with grid.cell():
            result = run.result
            value = percent(result.test_accuracy) if result and result.test_accuracy is not None else _("not tested")
            validated = percent(result.val_accuracy) if result else "–"
            st.metric(title, value, help=_("Test accuracy; under it with its 95 % interval."))
            st.caption(f"{accuracy_words(run)} · {sentence} · " + _("validation {share}").format(share=validated))
