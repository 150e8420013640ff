"""Photos with what runs answered about them."""

from __future__ import annotations

import streamlit as st

from flowerlab.charts.answers import answer_height_px, answer_options, answer_sentence
from flowerlab.charts.colours import class_glyph
from flowerlab.figures import spelled
from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.ui.classifying import Given, Memory
from flowerlab.ui.run_picker import escaped, run_title


def problem_sentence(photo: Given, kept: Memory) -> str:
    """What is wrong with a file, with its name in front unless the sentence names it."""
    sentence = kept.problems[photo.digest]
    return escaped(sentence if photo.name in sentence else f"{photo.name}: {sentence}")


def show_photo(photo: Given, runs: list[Run], kept: Memory) -> None:
    """One photo with the answers of all runs."""
    digest = photo.digest
    with st.container(border=True):
        left, right = st.columns([1, 2], gap="medium")
        with left:
            st.image(kept.pictures[digest], width="stretch", alt=_("The photo {name}").format(name=photo.name))
            st.caption(_caption(photo))
        with right:
            for run in runs:
                show_answer(photo, run, kept)


def _caption(photo: Given) -> str:
    if photo.truth is None:
        return escaped(photo.name)
    words = _("A flower drawn by Flowerlab. Its true label: {truth}.")
    if not photo.drawn:
        words = _("Test photo {name}. Its true label: {truth}.")
    return words.format(name=escaped(photo.name), truth=escaped(photo.truth))


def show_answer(photo: Given, run: Run, kept: Memory) -> None:
    """What one run says about one photo."""
    answer = kept.answers.get((run.id, photo.digest))
    if answer is None or run.result is None:
        return
    classes, probabilities = run.result.classes, answer.probabilities
    best = max(range(len(probabilities)), key=lambda label: probabilities[label])
    unknown = run.result.unknown(probabilities)
    judged = ""
    if photo.truth is not None:
        right = photo.truth == classes[best] and not unknown
        judged = f" · ✅ {_('right')}" if right else f" · ❌ {_('wrong')}"
    run_title(run)
    bars, seen = st.columns([4, 1], vertical_alignment="center")
    with bars:
        if unknown:
            st.markdown(f"### {_('Probably not one of these {count}').format(count=_(spelled(len(classes))))}{judged}")
            st.caption(
                _("The nearest is {name}, but with only {share:.0f} % this network cannot be believed.").format(
                    name=escaped(classes[best]), share=probabilities[best] * 100
                )
            )
        else:
            st.markdown(f"### {class_glyph(best)} {escaped(classes[best])}, {probabilities[best] * 100:.0f} %{judged}")
        st.echarts_chart(
            answer_options(classes, probabilities),
            height=answer_height_px(probabilities),
            key=f"answer-{run.id}-{photo.digest[:12]}",
            alt=_("Probabilities: {sentence}").format(sentence=answer_sentence(classes, probabilities)),
        )
    with seen:
        st.image(answer.seen, width=110, alt=_("The photo as the network sees it"))
        st.caption(_("as the network sees it, {size} px").format(size=run.recipe.image_size))
