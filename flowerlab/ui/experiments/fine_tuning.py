"""What the fine-tuning experiment came to: the 2 × 2 of accuracies, how far layers moved, and what head and rate did."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import streamlit as st

from flowerlab.charts.weight_changes import Moves, changes_options, changes_sentence
from flowerlab.experiments.ready_made import TWO_BY_TWO, Trial
from flowerlab.lab import Lab
from flowerlab.locale import _
from flowerlab.locale.numbers import decimals, percent
from flowerlab.results.answers import answers_of
from flowerlab.results.sentences import accuracy_words
from flowerlab.results.simple_effects import HEADS, RATES, Findings, findings
from flowerlab.runs.run import Run
from flowerlab.ui.experiments.fine_tuning_words import effect_lines, head_words, why_sentences
from flowerlab.ui.experiments.results import verdict_line

WORD_JOINER = "\u2060"
MOVES_PX = 460


def show_fine_tuning(lab: Lab, trial: Trial) -> None:
    """The 2 × 2 of accuracies beside how far each layer moved, whether the differences to B are real, and why."""
    runs = trial.runs
    found = _findings(lab, runs)
    left, right = st.columns([5, 6], gap="large")
    with left:
        st.markdown(f"**{_('Test accuracy')}**")
        _two_by_two(runs)
        accuracy = accuracy_words(runs["B"], _("not tested"))
        st.markdown(_("B, which trained the head and nothing else: **{accuracy}**").format(accuracy=accuracy))
        st.caption(epochs_sentence(runs))
        for place, arm in TWO_BY_TWO.items():
            if (
                answers_of(lab.home, lab.store, runs[arm.name]) is not None
                and answers_of(lab.home, lab.store, runs["B"]) is not None
            ):
                st.markdown(verdict_line(_(arm.label), "B", found.against_b.get(place)))
    with right:
        st.markdown(
            f"**{_('How far each layer moved')}**",
            help=_(
                "The length of the change of a layer's weights, in percent of the length of the weights before: ‖after − before‖ / "
                "‖before‖. 100 % means that the change is as large as all that the layer knew. Each step of the axis is ten times "
                "the one below."
            ),
        )
        _moves(runs, trial)
    moved = middle_moves(runs)
    if moved:
        st.markdown(_moves_sentence(moved))
    if found.effects:
        st.markdown(
            f"**{_('One choice at a time')}**",
            help=_(
                "What each choice did to the test accuracy while the other stayed, on the same photos, with its 95 % "
                "interval. 🎲: may be chance, also in view of how many differences are looked at on this page (Holm)."
            ),
        )
        st.markdown("\n".join(f"- {line}" for line in effect_lines(found.effects)))
        st.markdown("\n\n".join(why_sentences(found.effects, moved)))


def epochs_sentence(runs: Mapping[str, Run]) -> str:
    """States how long each arm learnt, and how long B's head had before."""
    trained = []
    for arm in TWO_BY_TWO.values():
        result = runs[arm.name].result
        if result is not None:
            trained.append(_("{arm}: {epochs}").format(arm=_(arm.title), epochs=result.epochs_run))
    text = _("Epochs trained: {arms}.").format(arms="; ".join(trained))
    b = runs["B"].result
    if b is not None:
        text += " " + _(
            "The head from B has {kept} more behind it: it is that of B's epoch {kept} of {all}, while a fresh head begins at none."
        ).format(kept=b.best_epoch + 1, all=b.epochs_run)
    return text


def _two_by_two(runs: Mapping[str, Run]) -> None:
    rows = [f"| | {' | '.join(decimals(rate) for rate in RATES)} |", "|:--|:--|:--|"]
    for head in HEADS:
        cells = []
        for rate in RATES:
            arm = TWO_BY_TWO[head, rate]
            also = f" {_(arm.also)}" if arm.also else ""
            cells.append(f"**{accuracy_words(runs[arm.name], _('not tested'))}**{also}")
        rows.append(f"| **{head_words(head)}** | " + " | ".join(cells) + " |")
    # An interval shall not be broken at its dash.
    st.markdown("\n".join(rows).replace("–", f"{WORD_JOINER}–{WORD_JOINER}"))


def _findings(lab: Lab, runs: Mapping[str, Run]) -> Findings:
    """Compares the arms whose answers are kept."""
    kept = {place: answers_of(lab.home, lab.store, runs[arm.name]) for place, arm in TWO_BY_TWO.items()}
    return findings(
        {place: answers for place, answers in kept.items() if answers is not None}, answers_of(lab.home, lab.store, runs["B"])
    )


def _moves(runs: Mapping[str, Run], trial: Trial) -> None:
    measured = [
        Moves(_(arm.label), runs[arm.name].number, result.weight_changes)
        for arm in TWO_BY_TWO.values()
        if (result := runs[arm.name].result) is not None and result.weight_changes
    ]
    if not measured:
        st.caption(_("These runs were trained by an older Flowerlab, which did not measure it."))
        return
    chosen = next(iter(runs.values())).recipe.chosen
    frozen = [layer.name for layer in chosen.layers if layer.parameters and layer.name not in measured[0].changes]
    sentence = changes_sentence(measured, frozen=len(frozen))
    st.echarts_chart(
        changes_options(measured, frozen=len(frozen)), height=MOVES_PX, key=f"moves-{trial.experiment.name}", alt=sentence
    )
    words = _("❄ {count} layers of {network} were frozen: they moved by 0 %, by construction.")
    st.caption(words.format(count=len(frozen), network=chosen.title))
    with st.expander(_("As a table")):
        st.dataframe(
            changes_table(measured, frozen),
            key=f"moves-table-{trial.experiment.name}",
            alt=_("How far each layer moved, in percent of its length, one row a layer and one column an arm."),
        )


def middle_moves(runs: Mapping[str, Run]) -> dict[tuple[str, float], float]:
    """Returns how far the middle layer of the known network moved in each arm, 0..1 and more; empty if not all measured it."""
    middle: dict[tuple[str, float], float] = {}
    for place, arm in TWO_BY_TWO.items():
        run = runs[arm.name]
        inside = {layer.name for layer in run.recipe.chosen.layers}
        changes = (run.result and run.result.weight_changes) or {}
        moved = [change for layer, change in changes.items() if layer in inside]
        if not moved:
            return {}
        middle[place] = statistics.median(moved)
    return middle


def _moves_sentence(middle: Mapping[tuple[str, float], float]) -> str:
    parts = [
        _("at {rate} by {fresh} under the fresh head and {trained} under the head from B").format(
            rate=decimals(rate), fresh=percent(middle["fresh", rate]), trained=percent(middle["trained", rate])
        )
        for rate in RATES
    ]
    return _("**The layers of the known network moved** {parts} (the middle layer).").format(parts=", ".join(parts))


def changes_table(measured: Sequence[Moves], frozen: Sequence[str]) -> dict[str, list[str]]:
    """Returns a column a run: first the frozen layers, then those that learnt, in the network's order."""
    learnt = list(measured[0].changes)
    return {
        _("Layer"): [*frozen, *learnt],
        **{
            move.name: [*(_("0 % (frozen)") for _layer in frozen), *(f"{100 * move.changes[layer]:.2f} %" for layer in learnt)]
            for move in measured
        },
    }
