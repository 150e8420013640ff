"""One validation photo: what runs thought of it after each epoch."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
import streamlit as st

from flowerlab.charts.answers import answer_height_px, answer_options, answer_sentence
from flowerlab.charts.class_lines import class_lines_height, class_lines_options
from flowerlab.datasets.originals import Originals
from flowerlab.evaluation.validation_history import EpochAnswers, restlessness
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.results.photos_of_run import photos_of, run_photos
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import class_words, escaped
from flowerlab.ui.mistakes.lines_table import RUNS_A_ROW, in_rows, lines_table
from flowerlab.ui.widgets.photo_grid import PHOTOS_A_PAGE, picture, show_picture
from flowerlab.ui.widgets.photo_tiles import TILE_PX, Tile, show_tile, turned_to
from flowerlab.ui.widgets.run_picker import run_title

CHOSEN = "mistakes-photo"
MOST_TURNS = 6
PICTURE_PX = 420
ABOVE_PX = 300


def show_photo_over_epochs(lab: Lab, sides: Sequence[tuple[Run, EpochAnswers]], epoch: int) -> None:
    """Shows one photo's probabilities over the epochs and at the chosen one (1-based), and lets one choose another photo."""
    run, answers = sides[0]
    st.subheader(
        _("One validation photo over the epochs"),
        help=_("Those whose answer moved most come first: Σ over the epochs of ½ Σ over the classes |change of probability|."),
    )
    order = np.argsort(-restlessness(answers.probabilities), kind="stable").tolist()
    photo = st.session_state.get(CHOSEN)
    place = answers.place(photo) if isinstance(photo, str) else None
    place = int(order[0]) if place is None else place
    originals = run_photos(lab.home, lab.store, lab.data, run)
    if originals is None:
        place = _pick_from_list(answers, order, place)
    strangers = {
        other.id
        for other, its in sides
        if (other.recipe.dataset, photos_of(lab.store, other), its.classes)
        != (run.recipe.dataset, photos_of(lab.store, run), answers.classes)
    }
    _show_photo(sides, originals, answers.ids[place], epoch, strangers)
    if originals is not None:
        _pick_from_tiles(answers, order, place, originals)


def _pick_from_list(answers: EpochAnswers, order: Sequence[int], place: int) -> int:
    st.info(_("The photos of this run are not in the lab. Bring them in on the Data page; its answers are here."), icon="🗂️")
    chosen = st.selectbox(
        _("Validation photo"),
        list(order),
        index=list(order).index(place),
        format_func=lambda one: f"{answers.ids[one]}: {answers.classes[int(answers.truth[one])]}",
        key="mistakes-photo-list",
        help=_("Those whose answer moved most come first."),
    )
    return int(chosen)


def _show_photo(
    sides: Sequence[tuple[Run, EpochAnswers]], originals: Originals | None, photo: str, epoch: int, strangers: Set[str]
) -> None:
    """Shows the photo and what each run thought of it; runs of other photos, the strangers, may use its id for another one."""
    first = sides[0][1]
    truth = int(first.truth[first.ids.index(photo)])
    if len(sides) <= 2:
        left, *rest = st.columns([2, *[3] * len(sides)], gap="large")
        with left:
            _show_picture(originals, photo, class_words(first.classes, truth))
        for column, (run, answers) in zip(rest, sides, strict=True):
            with column:
                _show_answers(run, answers, photo, epoch, stranger=run.id in strangers)
        return
    cells: list[tuple[Run, EpochAnswers] | None] = [*sides]
    # The picture takes the place of the first, unless one of them would then stand alone.
    if len(sides) % RUNS_A_ROW == 0:
        with st.container(width=ABOVE_PX):
            _show_picture(originals, photo, class_words(first.classes, truth))
    else:
        cells.insert(0, None)
    for column, side in in_rows(cells):
        with column:
            if side is None:
                _show_picture(originals, photo, class_words(first.classes, truth))
            else:
                _show_answers(*side, photo, epoch, stranger=side[0].id in strangers)


def _show_picture(originals: Originals | None, photo: str, words: str) -> None:
    position = None if originals is None else originals.positions.get(photo)
    if originals is not None and position is not None:
        shown = picture(originals, position, longest_px=PICTURE_PX)
        show_picture(shown, alt=_("Validation photo {photo}: {name}").format(photo=photo, name=words))
    st.markdown(_("truth: {name}").format(name=f"**{words}**"))
    st.caption(escaped(photo))


def _show_answers(run: Run, answers: EpochAnswers, photo: str, epoch: int, *, stranger: bool) -> None:
    run_title(run)
    place = None if stranger else answers.place(photo)
    if place is None:
        st.info(_("This photo is none of this run's validation photos."), icon="🚫")
        return
    shares = answers.probabilities[:, place].astype(np.float64)
    shown = min(epoch, answers.epochs) - 1
    at_epoch = shares[shown].tolist()
    sentence = answer_sentence(answers.classes, at_epoch)
    st.caption(_("Probabilities after epoch {epoch} of {last}").format(epoch=shown + 1, last=answers.epochs))
    st.echarts_chart(
        answer_options(answers.classes, at_epoch),
        height=answer_height_px(at_epoch),
        key=f"epoch-photo-{run.id}",
        alt=_("{run} after epoch {epoch}: {sentence}").format(run=run.name, epoch=shown + 1, sentence=sentence),
    )
    st.echarts_chart(
        class_lines_options(answers.classes, shares, epoch=shown + 1, axis=_("probability"), wanted=int(answers.truth[place])),
        height=class_lines_height(answers.classes),
        key=f"epoch-photo-lines-{run.id}",
        alt=_("Probability that {run} gave each class, by epoch. Answers: {answers}.").format(
            run=run.name, answers=turns(answers, place)
        ),
    )
    st.caption(_("Answers: {answers}. Thick line: the truth.").format(answers=escaped(turns(answers, place))))
    lines_table(
        answers.classes,
        shares,
        key=f"epoch-photo-table-{run.id}",
        alt=_("Probabilities that {run} gave each class for photo {photo}, one row an epoch.").format(run=run.name, photo=photo),
    )


def turns(answers: EpochAnswers, place: int) -> str:
    """Writes the answers to a photo in their order, each turn once: `tulips (1–3) → roses (4–5)`."""
    best = answers.probabilities[:, place].argmax(axis=1)
    begins = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist()]
    turned = []
    for begin, end in zip(begins, [*begins[1:], len(best)], strict=True):
        epochs = f"{begin + 1}" if end == begin + 1 else f"{begin + 1}–{end}"
        turned.append(f"{answers.classes[int(best[begin])]} ({epochs})")
    if len(turned) > MOST_TURNS:
        turned = [*turned[: MOST_TURNS - 2], "…", turned[-1]]
    return " → ".join(turned)


def _pick_from_tiles(answers: EpochAnswers, order: Sequence[int], place: int, originals: Originals) -> None:
    st.markdown(_("**Choose another photo.** Those whose answer moved most come first."))
    begin = turned_to(len(order), key="mistakes-moved")
    with st.container(horizontal=True, gap="small", key="mistakes-moved-tiles"):
        for one in order[begin : begin + PHOTOS_A_PAGE]:
            with st.container(width=TILE_PX, gap="xxsmall"):
                truth = answers.classes[int(answers.truth[one])]
                show_tile(Tile(answers.ids[one], truth, (), (turns(answers, one),)), originals)
                # Twelve buttons that are all called "Show" would sound all the same.
                label = _("Shown: {photo}") if one == place else _("Show {photo}")
                st.button(
                    label.format(photo=escaped(answers.ids[one])),
                    key=f"mistakes-look-{answers.ids[one]}",
                    type="primary" if one == place else "secondary",
                    width="stretch",
                    help=_("Show its probabilities above."),
                    on_click=st.session_state.update,
                    args=({CHOSEN: answers.ids[one]},),
                )
