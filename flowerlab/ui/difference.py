"""Is the difference real? Two runs set against each other photo by photo, in one sentence with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from flowerlab.comparison import Answers, answers_of, comparable, pair, pair_sentence, why_not_paired
from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.runs import Lab
from flowerlab.ui.cell_photos import photos_words, show_only_right
from flowerlab.ui.photo_buttons import close_at, opened_at, photo_button
from flowerlab.ui.refreshing import fragment
from flowerlab.ui.run_picker import escaped, told_apart

PLACE = "compare-differences"


@fragment()
def show_differences(lab: Lab, runs: Sequence[Run]) -> None:
    """Compares the chosen runs with the best of those that were tested on the same photos.

    Args:
        lab: The lab.
        runs: Chosen on the page, two or more for anything to be shown.
    """
    sides = [side for run in runs if (side := answers_of(lab, run)) is not None]
    if len(sides) < 2:
        return
    st.subheader(
        _("Is the difference real?"),
        help=_(
            "Two runs answered the same test photos. If they were equally good, the photos that only one of them got right would "
            "fall to either like a fair coin: McNemar's exact test says how often so uneven a fall comes by chance."
        ),
    )
    names = told_apart([side.run for side in sides])
    groups = comparable(sides)
    bests = [max(group, key=lambda side: side.accuracy) for group in groups]
    for group, best in zip(groups, bests, strict=True):
        for other in group:
            if other is not best:
                _show_pair(best, other, names)
    for group, best in zip(groups[1:], bests[1:], strict=True):
        _show_refusal(bests[0], best, [side for side in group if side is not best])


def _show_refusal(first: Answers, second: Answers, like_second: Sequence[Answers]) -> None:
    """Says once why a run, and those that were tested on its photos, are not set against another."""
    told = escaped(why_not_paired(first, second))
    if like_second:
        names = ", ".join(escaped(side.run.name) for side in like_second)
        told += " " + _("The same holds for {names}.").format(names=names)
    st.info(told, icon="🚫")


def _show_pair(best: Answers, other: Answers, names: Mapping[str, str]) -> None:
    test = pair(best, other)
    first, second = (escaped(names[side.run.id]) for side in (best, other))
    st.markdown(f"{'✅' if test.real else '🎲'} {pair_sentence(first, second, test)}")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        _only_right(test.only_first_right, best, other, first)
        _only_right(test.only_second_right, other, best, second)
    low, high = test.difference_interval
    figures = _("p {p}; difference {difference:+.1f} points ({low:+.1f} to {high:+.1f}), {photos}").format(
        p=_p(test.mcnemar_p), difference=test.difference * 100, low=low * 100, high=high * 100,
        photos=photos_words(test.photos),
    )  # fmt: skip
    st.caption(figures.replace("-", "−"))
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


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"
