"""Where runs look in a photo for a class: Grad-CAM over the photo, and the difference of two runs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from flowerlab.charts.heat_picture import difference_over, difference_sentence, heat_over, heat_sentence
from flowerlab.inference.classify import squared
from flowerlab.inference.explanations import Explanation, explain, network_input
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import confidence
from flowerlab.photos.heatmaps import Heat, difference, in_photo
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import class_words, escaped
from flowerlab.ui.explain.ask_predictor import asked
from flowerlab.ui.widgets.photo_grid import encoded
from flowerlab.ui.widgets.run_picker import run_title

ITS_ANSWER = -1
# One photo alone would fill the page.
PICTURE_PX = 460


def what_grad_cam_is() -> str:
    """Explains the map in one sentence."""
    return _(
        "Grad-CAM (Selvaraju and others, 2017) asks the last layer that still knows where something is: at which places would more of "
        "what it found raise the score of the class? Light places count much. It says where the network looks, not whether it is right. "
        "A second map is added, in which each place has the weights of its neighbourhood, and the photo is asked six times, shifted a "
        "little and mirrored: both make it point better."
    )


def photo_words(photo: Photo) -> str:
    """Names a photo for those who do not see it. No Markdown in it."""
    if photo.truth is None:
        return _("the photo {name}").format(name=photo.name)
    return _("the photo {name}, {truth}").format(name=photo.name, truth=photo.truth)


def heat_of(run: Run, photo: Photo, found: Explanation) -> Heat:
    """Returns the map over the photo as it is shown."""
    height, width = photo.shown.shape[:2]
    return in_photo(found.heat, height, width, run.recipe.resize)


def show_where(lab: Lab, runs: Sequence[Run], photo: Photo) -> None:
    """Shows where each run looks, one or two, for a class that one chooses."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = _pick_class(runs)
        opacity = (
            st.slider(
                _("Opacity"),
                0,
                100,
                60,
                5,
                format="%d %%",
                key="inside-opacity",
                persist_state="session",
                width=260,
                help=_("How much of the map covers the photo: 0 shows the photo alone, 100 the map alone."),
            )
            / 100
        )
    heats: list[Heat | None] = []
    columns = st.columns(2 if len(runs) == 1 else 3, gap="medium")
    for column, run in zip(columns, runs, strict=False):
        with column:
            run_title(run)
            # The second is asked for what the first one answers: maps of two classes have no difference to speak of.
            heat, name = _show_one(lab, run, photo, name, opacity)
            heats.append(heat)
    with columns[-1]:
        if len(runs) == 2:
            _show_difference(runs, heats, photo, opacity)
        else:
            show_seen(lab, runs[0], photo)
    st.caption(what_grad_cam_is())
    if len(runs) == 2:
        with st.container(horizontal=True, gap="large"):
            for run in runs:
                with st.container(width=360):
                    run_title(run)
                    show_seen(lab, run, photo)


def _pick_class(runs: Sequence[Run]) -> str | None:
    """Lets one choose a class of the first run; None is what that run answers."""
    first = runs[0]
    assert first.result is not None
    classes = first.result.classes
    answered = _("what it answers") if len(runs) == 1 else _("what {run} answers").format(run=first.name)
    options = [ITS_ANSWER, *range(len(classes))]
    if st.session_state.get("inside-label", ITS_ANSWER) not in options:
        st.session_state["inside-label"] = ITS_ANSWER
    chosen = st.selectbox(
        _("Where does it look for"),
        options,
        key="inside-label",
        persist_state="session",
        width=260,
        format_func=lambda label: answered if label == ITS_ANSWER else class_words(classes, label),
        help=_("The map belongs to one class: where the photo speaks for it. Choose another to see what would speak for that one."),
    )
    return None if chosen == ITS_ANSWER else classes[int(chosen)]


def _show_one(lab: Lab, run: Run, photo: Photo, name: str | None, opacity: float) -> tuple[Heat | None, str | None]:
    """Draws one run's map for a class, None: for what it answers; returns it, None if there is none, and the class."""
    assert run.result is not None
    if name is not None and name not in run.result.classes:
        st.info(_("This run does not know the class {name}.").format(name=name))
        return None, name
    wanted = None if name is None else run.result.classes.index(name)
    found = asked(lab, run, explain, photo, label=wanted)
    if found is None:
        return None, name
    heat = heat_of(run, photo, found)
    name = run.result.classes[found.label]
    sentence = heat_sentence(heat)
    st.image(
        encoded(heat_over(photo.shown, heat, opacity)),
        width=PICTURE_PX,
        alt=_("Where {run} looks for {name} in {photo}. {sentence}").format(
            run=run.name, name=name, photo=photo_words(photo), sentence=sentence
        ),
    )
    answer = int(np.argmax(found.probabilities))
    words = class_words(run.result.classes, found.label)
    says = _("it says {percent}").format(percent=confidence(found.probabilities[found.label]))
    if found.label != answer:
        says += "; " + _("its answer is {name} ({percent})").format(
            name=class_words(run.result.classes, answer), percent=confidence(found.probabilities[answer])
        )
    st.markdown(f"**{words}**: {says}")
    st.caption(
        sentence
        + " "
        + _("It was computed at {rows} × {columns} places (layer {layer}).").format(
            rows=found.places[0], columns=found.places[1], layer=f"`{found.layer}`"
        )
    )
    return heat, name


def _show_difference(runs: Sequence[Run], heats: Sequence[Heat | None], photo: Photo, opacity: float) -> None:
    st.markdown(
        _("**The difference**"),
        help=_(
            "Of each run's heat the share at each place, the first minus the second: blue where the first looks more, hatched "
            "orange where the second does."
        ),
    )
    first, second = heats
    if first is None or second is None:
        st.info(_("There is a difference where both runs have a map."))
        return
    found = difference(first, second)
    first_name, second_name = (run.name for run in runs)
    sentence = difference_sentence(found, first_name, second_name)
    st.image(
        encoded(difference_over(photo.shown, found, max(opacity, 0.05))),
        width=PICTURE_PX,
        alt=_("Difference of where two runs look in {photo}. {sentence}").format(photo=photo_words(photo), sentence=sentence),
    )
    st.markdown(
        _("🟦 {first} looks more · 🟧 hatched: {second} does").format(first=escaped(first_name), second=escaped(second_name))
    )
    st.caption(escaped(sentence))


def show_seen(lab: Lab, run: Run, photo: Photo) -> None:
    """Shows the photo after the resize, and after preprocessing with its numbers."""
    side = run.recipe.image_size
    found = asked(lab, run, network_input, photo)
    if found is None:
        return
    st.markdown(
        _("**As the network sees it**"),
        help=_(
            "First the resize makes a square of the photo. Then preprocessing turns its colours, 0 to 255, into the numbers that the "
            "network was made for."
        ),
    )
    with st.container(horizontal=True, gap="small"):
        with st.container(width=168):
            st.image(
                squared(run, photo.pixels),
                width="stretch",
                alt=_("The photo after the resize, {side} × {side} pixels").format(side=side),
            )
            st.caption(_("After the resize `{mode}`: {side} × {side} pixels.").format(mode=run.recipe.resize, side=side))
        with st.container(width=168):
            st.image(
                found.picture,
                width="stretch",
                alt=_("The photo after preprocessing, numbers from {low:.4g} to {high:.4g}").format(low=found.low, high=found.high),
            )
            text = _("After preprocessing: numbers from {low:.4g} to {high:.4g}.").format(low=found.low, high=found.high)
            if found.channel_order[0] > found.channel_order[2]:
                text += " " + _("Blue comes first, then green and red: so this network was trained, and so red looks blue here.")
            st.caption(text)
