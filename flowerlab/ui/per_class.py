"""Each class of flower: how well every run tells it, and what is mixed up most."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.locale import _
from flowerlab.metrics import ClassFigures, average_figures, class_figures, top_confusions
from flowerlab.run import Run
from flowerlab.ui.run_picker import escaped, told_apart

MOST_CONFUSIONS = 3
FIGURES = ("recall", "precision", "f1")


def figure_words() -> dict[str, tuple[str, str]]:
    """Returns the name and the explanation of each figure."""
    return {
        "recall": (_("Recall"), _("Of the photos that are of this class: the share that was called so.")),
        "precision": (_("Precision"), _("Of the photos that were called so: the share that are.")),
        "f1": (_("F1"), _("The harmonic mean of precision and recall: high only if both are.")),
    }


def show_classes(runs: Sequence[Run]) -> None:
    """Draws a table of one figure a class and run, and the most frequent mistakes of each run as sentences.

    Args:
        runs: Those without a confusion matrix are left out.
    """
    tested = [run for run in runs if run.result is not None and run.result.confusion_matrix is not None]
    if not tested:
        return
    words = figure_words()
    st.subheader(
        _("Each class"), help=_("The accuracy is one number for all; here is how well each kind of flower is told.")
    )
    shown = st.segmented_control(
        _("Figure"), FIGURES, format_func=lambda name: words[name][0], default="recall", required=True,
        key="compare-figure", help=" ".join(f"**{name}:** {told}" for name, told in words.values()), persist_state="session",
    )  # fmt: skip
    st.dataframe(
        class_rows(tested, shown or "recall"), hide_index=True, width="stretch", key="compare-classes",
        alt=_("A table with one row a class and one column a run: {figure} in percent.").format(figure=words[shown or "recall"][0]),
    )  # fmt: skip
    st.caption(words[shown or "recall"][1])
    for run in tested:
        sentences = confusion_sentences(run)
        if sentences:
            st.markdown(f"**{escaped(run.name)}:** {' '.join(sentences)}")


def class_rows(runs: Sequence[Run], figure: str) -> list[dict[str, str]]:
    """Returns one row a class, and two of means, with one column a run.

    Args:
        runs: Each with a confusion matrix.
        figure: `recall`, `precision` or `f1`.
    """
    names = list(dict.fromkeys(name for run in runs if run.result is not None for name in run.result.classes))
    found: dict[str, dict[str, ClassFigures]] = {}
    for run in runs:
        assert run.result is not None
        assert run.result.confusion_matrix is not None
        of_classes = class_figures(run.result.confusion_matrix)
        found[run.id] = {
            **dict(zip(run.result.classes, of_classes, strict=True)),
            _("mean, each class the same"): average_figures(of_classes, weighted=False),
            _("mean, each photo the same"): average_figures(of_classes, weighted=True),
        }
    rows = [*names, _("mean, each class the same"), _("mean, each photo the same")]
    heads = told_apart(runs)
    return [
        {
            _("Class"): name,
            **{
                heads[run.id]: f"{getattr(found[run.id][name], figure) * 100:.1f} %" if name in found[run.id] else "–"
                for run in runs
            },
        }
        for name in rows
    ]


def confusion_sentences(run: Run) -> list[str]:
    """Returns a run's most frequent mistakes, each as a sentence: `31 roses were called tulips.`"""
    result = run.result
    if result is None or result.confusion_matrix is None:
        return []
    return [
        (
            _("{count} {truth} was called {answer}.") if count == 1 else _("{count} {truth} were called {answer}.")
        ).format(count=f"{count:,}", truth=escaped(result.classes[true]), answer=escaped(result.classes[answer]))
        for true, answer, count in top_confusions(result.confusion_matrix, most=MOST_CONFUSIONS)
    ]
