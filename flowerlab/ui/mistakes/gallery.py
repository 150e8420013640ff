"""The test photos that a run got most wrong, with what may be wrong about the photos themselves."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from flowerlab.datasets.near_duplicates import Duplicates, Pair
from flowerlab.datasets.originals import Originals
from flowerlab.evaluation.hardest_photos import Judged, Show
from flowerlab.evaluation.label_issues import NONE
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import confidence
from flowerlab.results.answers import Answers
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.per_class import confusions_of
from flowerlab.ui.confusion.sides import side_of
from flowerlab.ui.mistakes.duplicates import LEAK_SIGN, duplicates_of, search_panel, show_pair
from flowerlab.ui.widgets.choice import ALL, choose_class, choose_word
from flowerlab.ui.widgets.photo_tiles import LazyTiles, Said, Tile, photo_tiles
from flowerlab.ui.widgets.stored_answers import stored_of


def show_worst(lab: Lab, run: Run) -> None:
    """Shows the test photos of a run with a result, those with the largest loss first."""
    stored = stored_of(lab, run)
    answers, judged = stored.tested, stored.judged
    if answers is None or judged is None:
        st.info(_("The test of this run was skipped, so it has no answers to test photos."), icon="🔍")
        return
    st.markdown(standing(run, judged))
    show, label = _filters(answers, judged)
    places = judged.places(show, label=None if label == ALL else label).tolist()
    st.caption(
        _(
            "The largest loss first: loss = −ln p(truth), where p(truth) is the probability that the run gave the true class. 0 is sure "
            "and right; 0.69 stands for 50 %, 2.3 for 10 %, 4.6 for 1 %."
        )
    )
    if show == "label":
        st.caption(how_labels_are_doubted(answers))
    originals = run_photos(lab.home, lab.store, lab.data, run)
    found = None if originals is None else duplicates_of(lab, run, originals)
    if originals is not None and found is None:
        search_panel(lab, originals)
    if not places:
        st.success(_("There are no such photos."), icon="✅")
        return
    tiles = LazyTiles(places, lambda place: tile_of(run, answers, judged, place, originals, found))
    photo_tiles(tiles, originals, key=f"worst-{run.id}-{show}-{label}", below=_twins_below(originals, found, key=f"worst-{run.id}"))


def standing(run: Run, judged: Judged) -> str:
    """Says how many test photos were named wrongly, how many labels are in doubt, and what was mixed up most."""
    wrong, doubted = int((judged.answers != judged.truth).sum()), int((judged.perhaps != NONE).sum())
    text = _(
        "**{wrong} of {count} test photos** were named wrongly. Labels that are worth a second look, because the run was so sure of "
        "another class: **{doubted}**."
    )
    return " ".join(
        [
            text.format(wrong=f"{wrong:,}", count=f"{len(judged.truth):,}", doubted=f"{doubted:,}"),
            *confusions_of(side_of(run)).values(),
        ]
    )


def _filters(answers: Answers, judged: Judged) -> tuple[Show, int]:
    shown: dict[Show, str] = {"wrong": _("only wrong"), "all": _("all"), "label": _("perhaps labelled wrongly")}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        show = choose_word(
            _("Test photos"),
            {name: f"{word} ({len(judged.places(name)):,})" for name, word in shown.items()},
            key="mistakes-show",
            help=_("Named wrongly, all of them, or those whose own label is in doubt."),
        )
        label = choose_class(_("True class"), answers.classes, key=f"mistakes-class-{'|'.join(answers.classes)}")
    return show, label


def how_labels_are_doubted(answers: Answers) -> str:
    """States the criterion, and what it does not prove."""
    text = _(
        "Confident learning (Northcutt and others, 2021): a label is in doubt if the run finds another class at least as probable as it "
        "finds that class, in the mean, on the photos that bear its label. This is a hint and no proof: the photo may be hard, "
        "or the run may err. The better the run, the more it is worth; this one named {share} of the photos rightly. Look."
    ).format(share=confidence(answers.accuracy))
    if answers.run.recipe.split == "lecture":
        text += " " + _("This run was trained on these very photos, which makes the hint weaker.")
    return text


def tile_of(run: Run, answers: Answers, judged: Judged, place: int, originals: Originals | None, found: Duplicates | None) -> Tile:
    """Returns one test photo with all that is to be said of it, also of its near-duplicates if those were looked for."""
    truth, answer = int(judged.truth[place]), int(judged.answers[place])
    photo = str(answers.ids[place])
    of_truth = confidence(float(judged.probabilities[place, truth]))
    notes = [_("p(truth): {percent}").format(percent=of_truth), _("loss: {loss:.2f}").format(loss=float(judged.losses[place]))]
    if judged.perhaps[place] != NONE:
        notes.append(_("🏷️ may be labelled wrongly: look"))
    twins = _twins(photo, originals, found)
    if found is not None and any(found.leaks(pair) for pair in twins):
        notes.append(_("{sign} its near-duplicate was learnt from").format(sign=LEAK_SIGN))
    said = Said(run.name, answers.classes[answer], float(judged.probabilities[place, answer]), answer == truth)
    return Tile(photo, answers.classes[truth], (said,), tuple(notes))


def _twins(photo: str, originals: Originals | None, found: Duplicates | None) -> list[Pair]:
    if originals is None or found is None or photo not in originals.positions:
        return []
    return found.of(originals.positions[photo])


def _twins_below(originals: Originals | None, found: Duplicates | None, *, key: str) -> Callable[[Tile], None]:
    """Returns what draws, under a photo that has near-duplicates, a button that shows them beside it."""

    def below(tile: Tile) -> None:
        twins = _twins(tile.photo, originals, found)
        if not twins or originals is None or found is None:
            return
        # Its photos are drawn when it is opened: most stay shut.
        box = st.popover(
            _("≈ near-duplicate of {photo}").format(photo=escaped(tile.photo)),
            key=f"{key}-twin-{tile.photo}",
            width="stretch",
            on_change="rerun",
        )
        if not box.open:
            return
        with box:
            for pair in twins:
                show_pair(pair, found, originals)

    return below
