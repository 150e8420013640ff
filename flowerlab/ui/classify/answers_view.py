"""Photos with what runs answered about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from flowerlab.charts.answers import answer_height_px, answer_options, answer_sentence
from flowerlab.charts.colours import class_glyph
from flowerlab.charts.heat_picture import heat_over, heat_sentence
from flowerlab.inference.explanations import explain
from flowerlab.locale import _
from flowerlab.locale.numbers import confidence, spelled
from flowerlab.photos.photo import Photo
from flowerlab.results.answers import Answer
from flowerlab.runs.run import Run
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from flowerlab.ui.explain.ask_predictor import asked
from flowerlab.ui.explain.classifying import Memory, was_trained_on
from flowerlab.ui.explain.gradcam import heat_of, photo_words, what_grad_cam_is
from flowerlab.ui.explain.similar_photos import Known, show_similar
from flowerlab.ui.widgets.photo_grid import encoded
from flowerlab.ui.widgets.run_picker import run_title

LOOK_PX, LOOK_OPACITY = 220, 0.55
SEEN_PX, SEEN_SMALL_PX = 110, 72
# So many cells, of photo and answers, stand side by side on a laptop; narrower ones would have no room for bars.
CELLS_A_ROW, NARROWEST_PX = 4, 235


def problem_sentence(photo: Photo, kept: Memory) -> str:
    """What is wrong with a file, with its name in front unless the sentence names it."""
    sentence = kept.problems[photo.digest]
    return escaped(sentence if photo.name in sentence else f"{photo.name}: {sentence}")


@dataclass(frozen=True)
class Beside:
    """What is shown beside each answer: where the run looks; by the run's id, what similar training photos are found among."""

    looks: bool = False
    similar: Mapping[str, Known] = field(default_factory=dict)


def show_photo(photo: Photo, runs: list[Run], kept: Memory, beside: Beside) -> None:
    """One photo with the answers of all runs, side by side if there are several."""
    with st.container(border=True):
        if len(runs) == 1:
            left, right = st.columns([1, 2], gap="medium")
            with left:
                _show_given(photo, kept)
            with right:
                show_answer(photo, runs[0], kept, beside, wide=True)
            return
        has_cell = len(runs) < CELLS_A_ROW
        if not has_cell:
            with st.container(width=NARROWEST_PX):
                _show_given(photo, kept)
        grid = st.grid(columns=len(runs) + has_cell, min_column_width=NARROWEST_PX, gap="small")
        if has_cell:
            with grid.cell():
                _show_given(photo, kept)
        for run in runs:
            with grid.cell():
                show_answer(photo, run, kept, beside, wide=False)


def _show_given(photo: Photo, kept: Memory) -> None:
    st.image(kept.pictures[photo.digest], width="stretch", alt=_("The photo {name}").format(name=photo.name))
    st.caption(_caption(photo))


def _caption(photo: Photo) -> str:
    if photo.truth is None:
        return escaped(photo.name)
    words = _("A flower drawn by Flowerlab. Its true label: {truth}.")
    if not photo.drawn:
        words = _("Test photo {name}. Its true label: {truth}.")
    return words.format(name=escaped(photo.name), truth=escaped(photo.truth))


def verdict(truth: str, classes: Sequence[str], best: int, *, unknown: bool | None) -> str:
    """Says whether an answer is right. Where the run does not know the true class, it is right to say "none of these" and nothing else.

    Args:
        best: Label of its answer.
        unknown: None if it never says "none of these".
    """
    known = truth in classes
    if not known and not unknown:
        return "❌\xa0" + _("wrong: it does not know {truth}").format(truth=escaped(truth))
    right = not known or (classes[best] == truth and not unknown)
    return "✅\xa0" + _("right") if right else "❌\xa0" + _("wrong")


def show_answer(photo: Photo, run: Run, kept: Memory, beside: Beside, *, wide: bool) -> None:
    """Shows what one run says about one photo; where it is wide, the photo as the network sees it stands beside the bars."""
    answer = kept.answer(lab(), run, photo)
    if answer is None:
        return
    classes, sure = answer.classes, confidence(answer.confidence)
    judged = ""
    if photo.truth is not None:
        judged = " · " + verdict(photo.truth, classes, answer.label, unknown=answer.unknown)
    run_title(run)
    if wide:
        bars, seen = st.columns([4, 1], vertical_alignment="center")
    else:
        bars, seen = st.container(), st.container(horizontal=True, wrap=False, vertical_alignment="center")
    level = "###" if wide else "####"
    with bars:
        if answer.unknown:
            words = _("Probably not one of these {count}").format(count=_(spelled(len(classes))))
            st.markdown(f"{level} {words}{judged}")
            st.caption(
                _(
                    "The nearest is {name} with {sure}, which is less sure than this network is of photos of its own kinds: it cannot be "
                    "believed here."
                ).format(name=escaped(answer.class_name), sure=sure)
            )
        else:
            st.markdown(f"{level} {class_glyph(answer.label)} {escaped(answer.class_name)}, {sure}{judged}")
        if was_trained_on(lab(), run, photo):
            st.caption(_("🎓 This run has learnt from this very photo, so a right answer proves nothing."))
        _show_calibrated(answer)
        st.echarts_chart(
            answer_options(classes, answer.probabilities),
            height=answer_height_px(answer.probabilities),
            key=f"answer-{run.id}-{photo.digest[:12]}",
            alt=_("Probabilities: {sentence}").format(sentence=answer_sentence(classes, answer.probabilities)),
        )
    with seen:
        st.image(
            kept.seen[run.id, photo.digest], width=SEEN_PX if wide else SEEN_SMALL_PX, alt=_("The photo as the network sees it")
        )
        st.caption(_("as the network sees it, {size} px").format(size=run.recipe.image_size), width="stretch")
    if beside.looks:
        _show_look(photo, run)
    if run.id in beside.similar:
        show_similar(lab(), run, photo, beside.similar[run.id])


def _show_calibrated(answer: Answer) -> None:
    """Says how sure the answer may be, where the run's validation photos tell it."""
    if answer.calibrated is None:
        return
    st.caption(
        _("Calibrated: **{percent}**").format(percent=confidence(answer.calibrated)),
        help=_(
            "How sure this answer may be, by the run's validation photos: its logits are divided by {value:.2f} (the temperature), "
            "with which answers of a sureness were right about so often there. It holds for photos like those it was trained on."
        ).format(value=answer.temperature),
    )


def _show_look(photo: Photo, run: Run) -> None:
    found = asked(lab(), run, explain, photo, label=None)
    if found is None:
        return
    heat = heat_of(run, photo, found)
    sentence = heat_sentence(heat)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.image(
            encoded(heat_over(photo.shown, heat, LOOK_OPACITY)),
            width=LOOK_PX,
            alt=_("Where {run} looks in {photo}. {sentence}").format(run=run.name, photo=photo_words(photo), sentence=sentence),
        )
        with st.container(width="stretch"):
            st.markdown(_("**Where it looks**"), help=what_grad_cam_is())
            st.caption(sentence)
