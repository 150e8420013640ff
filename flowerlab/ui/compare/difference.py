"""Is the difference real? Two runs set against each other photo by photo, in one sentence with its figures."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.evaluation.paired_tests import FEWEST_DIFFERING, PairedTest
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.answers import Answers, answers_of
from flowerlab.results.pairing import comparable, pair_tests, why_not_paired
from flowerlab.results.sentences import pair_sentence
from flowerlab.runs.run import Run
from flowerlab.ui.base.fragments import fragment
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.cell_photos import photos_words, show_only_right
from flowerlab.ui.confusion.open_choice import close_at, opened_at, photo_button
from flowerlab.ui.widgets.seeds_view import SEEDS_ANCHOR

PLACE = "compare-differences"


@fragment()
def show_differences(lab: Lab, runs: Sequence[Run]) -> None:
    """Compares the chosen runs, two or more, with the best of those that were tested on the same photos."""
    if len(runs) < 2:
        return
    answers = {run.id: answers_of(lab.home, lab.store, run) for run in runs}
    sides = [side for side in answers.values() if side is not None]
    st.subheader(
        _("Is the difference real?"),
        help=_(
            "Two runs answered the same test photos. If they were equally good, the photos that only one of them got right would "
            "fall to either like a fair coin: McNemar's exact test says how often so uneven a fall comes by chance. The interval (95 %) "
            "comes from drawing the photos anew 10,000 times (bootstrap)."
        ),
    )
    for run in runs:
        if answers[run.id] is None:
            st.info(
                _("{run} cannot be set against others: its test was skipped, or its answers are not kept.").format(
                    run=escaped(run.name)
                ),
                icon="🚫",
            )
    if len(sides) < 2:
        return
    tests = pair_tests(sides)
    groups = comparable(sides)
    bests = [max(group, key=lambda side: side.accuracy) for group in groups]
    for group, best in zip(groups, bests, strict=True):
        for other in group:
            if other is not best:
                _show_pair(best, other, tests[best.run.id, other.run.id])
    for group, best in zip(groups[1:], bests[1:], strict=True):
        _show_refusal(bests[0], best, [side.run.name for side in group if side is not best])
    if tests:
        st.caption(what_it_is_about(len(tests) // 2))


def what_it_is_about(pairs: int) -> str:
    """Says what the sentences hold for, where so many pairs can be tested among the chosen runs."""
    words = _(
        "Each sentence is about these trained networks, not about their recipes: another seed may give otherwise. Three seeds "
        "show how much is chance, [at the end of this page](#{anchor})."
    ).format(anchor=SEEDS_ANCHOR)
    if pairs > 1:
        words += " " + _(
            "{pairs} pairs can be made of these runs; whether a difference counts is decided by p corrected for all of them (Holm)."
        ).format(pairs=pairs)
    return words


def _show_refusal(first: Answers, second: Answers, like_second: Sequence[str]) -> None:
    """Says once why a run, and those that were tested on its photos, are not set against another."""
    reason = escaped(why_not_paired(first, second))
    if like_second:
        reason += " " + _("The same holds for {names}.").format(names=", ".join(map(escaped, like_second)))
    st.info(reason, icon="🚫")


def _show_pair(best: Answers, other: Answers, test: PairedTest) -> None:
    first, second = (escaped(side.run.name) for side in (best, other))
    st.markdown(f"{'✅' if test.certain else '🎲'} {pair_sentence(first, second, test)}")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _only_right(test.only_first_right, best, other, first)
        _only_right(test.only_second_right, other, best, second)
    st.caption(figures_of(test))
    for one, against in ((best, other), (other, best)):
        if opened_at(PLACE) == (one.run.id, against.run.id):
            show_only_right(one, against, frame=f"{PLACE}-cell", close=lambda: close_at(PLACE))


def _only_right(count: int, one: Answers, other: Answers, name: str) -> None:
    """Says how many photos only one of two runs got right; a button that opens them, if there are any."""
    words = _("{photos} only “{name}” got right").format(photos=photos_words(count), name=name)
    if count:
        photo_button(words, (one.run.id, other.run.id), place=PLACE)
    else:
        st.markdown(words, width="content")


def figures_of(test: PairedTest) -> str:
    """Writes p, the difference in points with its interval, and how many photos were tested."""
    p = _("p {p}").format(p=_p(test.mcnemar_p))
    if test.tested_together > 1:
        p += ", " + _("corrected {p}").format(p=_p(test.p))
    difference = _("difference {difference:+.1f} points").format(difference=test.difference * 100)
    if test.interval is not None:
        low, high = test.interval
        interval = _("({low:+.1f} to {high:+.1f})").format(low=low * 100, high=high * 100)
    else:
        interval = _("(too few differing photos for an interval: {count}, {fewest} are needed)").format(
            count=test.differing, fewest=FEWEST_DIFFERING
        )
    return f"{p}; {difference.replace('-', '−')} {interval.replace('-', '−')}; {photos_words(test.photos)}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
