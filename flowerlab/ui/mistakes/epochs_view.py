"""A run's validation photos epoch by epoch: the confusion matrix, each class's recall, and one photo's probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from flowerlab.charts.class_lines import class_lines_height, class_lines_options, shares_sentence
from flowerlab.charts.heatmap import HEIGHT_PX as MATRIX_PX
from flowerlab.charts.heatmap import Scale, cell_at
from flowerlab.charts.matrix import amount_scale, matrix_options
from flowerlab.evaluation.confusion import cell_sizes, cell_values
from flowerlab.evaluation.intervals import wilson_interval
from flowerlab.evaluation.metrics import top_confusions
from flowerlab.evaluation.validation_history import EpochAnswers, recall_by_epoch
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import percent_with_interval
from flowerlab.runs.run import Run
from flowerlab.ui.base.text import escaped
from flowerlab.ui.confusion.cell_photos import link_to_photos
from flowerlab.ui.confusion.cell_table import cell_table
from flowerlab.ui.confusion.open_choice import on_click, opened_at
from flowerlab.ui.mistakes.lines_table import in_rows, lines_table
from flowerlab.ui.mistakes.opened_photos import OVER_EPOCHS, show_epoch_cell
from flowerlab.ui.mistakes.photo_over_epochs import show_photo_over_epochs
from flowerlab.ui.widgets.run_picker import run_title
from flowerlab.ui.widgets.stored_answers import stored_of

EPOCH = "mistakes-epoch"


def show_epochs(lab: Lab, runs: Sequence[Run]) -> None:
    """Shows what runs, each with a result, said of their validation photos after a chosen epoch."""
    st.markdown(
        _(
            "How did it come to its mistakes? After every epoch the run answered its **validation photos**, which it does not learn "
            "from. Move the slider and watch the answers change. (The test photos are answered only once, at the end.)"
        )
    )
    sides: list[tuple[Run, EpochAnswers]] = []
    for run in runs:
        answers = stored_of(lab, run).epochs
        if answers is None:
            st.info(
                _("{run} keeps no answers of its epochs, so there is nothing to show here.").format(run=escaped(run.name)), icon="🗂️"
            )
        else:
            sides.append((run, answers))
    if not sides:
        return
    epoch = _pick_epoch(sides)
    matrices = [cell_sizes(answers.truth, answers.probabilities[_reached(answers, epoch)]) for _run, answers in sides]
    scale = amount_scale(matrices, "rows", dark=st.context.theme.type == "dark")
    st.subheader(_("Confusion matrix and recall (validation photos)"))
    if len(sides) == 1:
        (run, answers), (left, right) = sides[0], st.columns([2, 3], gap="large")
        with left:
            run_title(run)
            _show_matrix(run, answers, epoch, scale)
        with right:
            _show_recall(run, answers, epoch)
    else:
        for column, (run, answers) in in_rows(sides):
            with column:
                run_title(run)
                _show_matrix(run, answers, epoch, scale)
                _show_recall(run, answers, epoch)
    for run, answers in sides:
        cell = opened_at(OVER_EPOCHS, part=_matrix_of(run))
        if cell is not None and max(cell) < len(answers.classes):
            show_epoch_cell(lab, run, answers, _reached(answers, epoch), cell)
    show_photo_over_epochs(lab, sides, epoch)


def _pick_epoch(sides: Sequence[tuple[Run, EpochAnswers]]) -> int:
    last = max(answers.epochs for _run, answers in sides)
    if last == 1:
        st.caption(_("There was only one epoch."))
        return 1
    run = sides[0][0]
    best = run.result.best_epoch + 1 if run.result is not None else last
    chosen = st.session_state.get(EPOCH, best)
    st.session_state[EPOCH] = min(max(1, int(chosen)), last)
    epoch = st.slider(
        _("After epoch"),
        1,
        last,
        key=EPOCH,
        persist_state="session",
        help=_("One epoch is one pass over all training photos. The arrow keys move the slider, too."),
    )
    return int(epoch)


def _reached(answers: EpochAnswers, epoch: int) -> int:
    """Returns the 0-based epoch that is shown: of a run that ended before, its last."""
    return min(epoch, answers.epochs) - 1


def epoch_words(run: Run, answers: EpochAnswers, epoch: int) -> str:
    """Says how the run stands after the epoch: `After epoch 3 of 5: 121 of 140 validation photos named rightly, 86.4 % (…)`."""
    shown = _reached(answers, epoch)
    counts = cell_sizes(answers.truth, answers.probabilities[shown])
    right, total = int(np.trace(counts)), int(counts.sum())
    text = _("After epoch {epoch} of {last}: {right} of {total} validation photos named rightly, {share}.").format(
        epoch=shown + 1,
        last=answers.epochs,
        right=f"{right:,}",
        total=f"{total:,}",
        share=percent_with_interval(right / total, *wilson_interval(right, total)),
    )
    if run.result is not None and run.result.best_epoch == shown:
        text += " " + _("This epoch's weights were kept.")
    if epoch > answers.epochs:
        text += " " + _("This run ended here.")
    for true, answer, count in top_confusions(counts.tolist(), most=1):
        text += " " + _("Most frequent mistake: {count} {truth} called {answer}.").format(
            count=f"{count:,}", truth=answers.classes[true], answer=answers.classes[answer]
        )
    return text


def _show_matrix(run: Run, answers: EpochAnswers, epoch: int, scale: Scale) -> None:
    counts = cell_sizes(answers.truth, answers.probabilities[_reached(answers, epoch)])
    sentence = epoch_words(run, answers, epoch)
    matrix = _matrix_of(run)
    opened = opened_at(OVER_EPOCHS, part=matrix)
    st.echarts_chart(
        matrix_options(counts, answers.classes, "rows", scale=scale, dark=st.context.theme.type == "dark", opened=opened),
        height=MATRIX_PX,
        key=matrix,
        on_select=on_click(OVER_EPOCHS, matrix, lambda _series, index: cell_at(index, len(answers.classes)), part=matrix),
        alt=_("Confusion matrix of {run}, validation photos. {sentence}").format(run=run.name, sentence=sentence),
    )
    if opened is not None:
        link_to_photos()
    st.caption(escaped(sentence) + " " + _("Cells: % of the true class. Click a number to see its validation photos."))
    cell_table(OVER_EPOCHS, matrix, cell_values(counts, "counts"), answers.classes, "%d")


def _matrix_of(run: Run) -> str:
    return f"epoch-matrix-{run.id}"


def _show_recall(run: Run, answers: EpochAnswers, epoch: int) -> None:
    recall = recall_by_epoch(answers.probabilities, answers.truth)
    shown = _reached(answers, epoch)
    sentence = shares_sentence(answers.classes, recall[shown])
    st.echarts_chart(
        class_lines_options(answers.classes, recall, epoch=shown + 1, axis=_("recall (validation photos)")),
        height=class_lines_height(answers.classes),
        key=f"epoch-recall-{run.id}",
        alt=_("Recall of each class of {run} by epoch, validation photos. After epoch {epoch}: {sentence}").format(
            run=run.name, epoch=shown + 1, sentence=sentence
        ),
    )
    st.caption(_("Recall after epoch {epoch}: {sentence}").format(epoch=shown + 1, sentence=escaped(sentence)))
    lines_table(
        answers.classes,
        recall,
        key=f"epoch-recall-table-{run.id}",
        alt=_("Recall of each class of {run} on its validation photos, one row an epoch.").format(run=run.name),
    )
