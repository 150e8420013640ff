"""What the ready experiments came to, in figures and in a pupil's words."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import streamlit as st

from flowerlab.architectures import Architecture
from flowerlab.charts.weight_changes import Moves, changes_options, changes_sentence
from flowerlab.comparison import answers_of, pair, pair_sentence, why_not_paired
from flowerlab.experiments import TWO_BY_TWO, Trial, main_effects
from flowerlab.figures import percent, percent_with_interval
from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.runs import Lab
from flowerlab.ui.run_picker import escaped
from flowerlab.ui.words import decimals

WORD_JOINER = "\u2060"


def show_fine_tuning(lab: Lab, trial: Trial) -> None:
    """The 2 × 2 of accuracies beside how far each layer moved, whether the differences to B are real, and why."""
    runs = trial.runs
    left, right = st.columns([5, 6], gap="large")
    with left:
        st.markdown(f"**{_('Test accuracy')}**")
        _two_by_two(runs)
        st.markdown(
            _("B, which trained the head and nothing else: **{accuracy}**").format(accuracy=_accuracy(runs["B"]))
        )
        for arm in TWO_BY_TWO.values():
            _set_against(lab, runs[arm.name], runs["B"])
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
    _told_moves(runs)
    _told_effects(runs)
    st.markdown(
        _(
            "**Why?** Two things push pretrained layers. A learning rate of 0.001 makes every step of Adam large: after a few dozen "
            "batches what these layers had learnt long before can be overwritten; at 0.00001 each step is a hundredth of that, and the "
            "layers are adjusted, not destroyed. And a fresh head knows nothing: at first its answers are wild, its errors are large, "
            "and so are the gradients that it sends down; a head that B has trained sends smaller ones. Which of the two "
            "weighed more here, the figures above say. It is one seed: repeat it with others before you trust a small difference."
        )
    )
    st.markdown(
        _(
            "**Look at** the layers of the known network, which are all but dense and answer: compare how far they moved at 0.001 and at "
            "0.00001, then look at the accuracy. And look at the fresh head at 0.00001: at so low a rate it may not have had time to learn."
        )
    )


def show_leak(lab: Lab, trial: Trial) -> None:
    """Both accuracies, why they cannot be set against each other photo by photo, and what a leak is."""
    b, leak = trial.runs["B"], trial.runs["leak"]
    _side_by_side(
        [
            (b, _("Honest"), _("tested on photos that it never saw")),
            (leak, _("With the leak ⚠️"), _("tested on photos that trained it")),
        ]
    )
    assert b.result is not None
    assert leak.result is not None
    points = 100 * ((leak.result.test_accuracy or 0) - (b.result.test_accuracy or 0))
    st.markdown(
        _("The leak shows **{points:+.1f} points**.").format(points=points).replace("-", "−") + " "
        + _(
            "The two tests asked different photos, so they cannot be compared photo by photo: look whether the intervals overlap."
        )
    )  # fmt: skip
    st.markdown(
        _(
            "**Why?** Whoever has seen the questions of an examination before can learn the answers by heart. The network is the same "
            "and learnt from the same photos; it is not better with the leak, only its mark is. On new photos it would do "
            "as the honest test says."
        )
    )
    st.markdown(
        _(
            "**Look at** the validation accuracy of both runs: these photos did not train either of them, and it is the same. Only the "
            "test differs."
        )
    )


def show_padding(lab: Lab, trial: Trial) -> None:
    """Both accuracies, whether the difference is real, and what the padding does."""
    b, padding = trial.runs["B"], trial.runs["padding"]
    _side_by_side(
        [
            (b, _("Whole square"), _("each photo fills the square")),
            (padding, _("With the padding"), _("on a black canvas of 1024 × 442 first")),
        ]
    )
    _set_against(lab, padding, b)
    st.markdown(
        _(
            "**Why?** The lecture's way of loading puts every photo into the corner of a canvas as large as the largest photo, and then "
            "squashes all of it. Most of the square is black, and the flower is a small patch: the network sees it with far fewer "
            "pixels. Nobody chose that; it is what a default does."
        )
    )
    st.markdown(
        _(
            "**Look at** a photo on the Data page as the network sees it, in both ways of resizing. Could you tell the flower?"
        )
    )


def _accuracy(run: Run) -> str:
    result = run.result
    if result is None or result.test_accuracy is None:
        return _("not tested")
    return percent_with_interval(result.test_accuracy, result.test_photos)


def _two_by_two(runs: Mapping[str, Run]) -> None:
    rates = sorted({rate for _head, rate in TWO_BY_TWO}, reverse=True)
    heads = {"fresh": _("Fresh head"), "trained": _("Head trained in B")}
    rows = [f"| | {' | '.join(_('rate {rate}').format(rate=decimals(rate)) for rate in rates)} |", "|:--|:--|:--|"]
    for head, title in heads.items():
        cells = (_accuracy(runs[TWO_BY_TWO[head, rate].name]) for rate in rates)
        rows.append(f"| **{title}** | " + " | ".join(f"**{cell}**" for cell in cells) + " |")
    # An interval shall not be broken at its dash.
    st.markdown("\n".join(rows).replace("–", f"{WORD_JOINER}–{WORD_JOINER}"))


def _set_against(lab: Lab, run: Run, other: Run) -> None:
    """Says whether two runs that were asked the same photos really differ."""
    first, second = answers_of(lab, run), answers_of(lab, other)
    if first is None or second is None:
        return
    reason = why_not_paired(first, second)
    if reason:
        st.markdown(f"🚫 {escaped(reason)}")
        return
    test = pair(first, second)
    st.markdown(f"{'✅' if test.real else '🎲'} {pair_sentence(escaped(run.name), escaped(other.name), test)}")


def _moves(runs: Mapping[str, Run], trial: Trial) -> None:
    measured = [
        Moves(_(arm.title), runs[arm.name].number, result.weight_changes)
        for arm in TWO_BY_TWO.values()
        if (result := runs[arm.name].result) is not None and result.weight_changes
    ]
    if not measured:
        st.caption(_("These runs were trained by an older Flowerlab, which did not measure it."))
        return
    chosen = next(iter(runs.values())).recipe.chosen
    frozen = _frozen(chosen, measured)
    sentence = changes_sentence(measured, frozen=len(frozen))
    st.echarts_chart(
        changes_options(measured, frozen=len(frozen)), height=420, key=f"moves-{trial.experiment.name}", alt=sentence
    )
    told = _("❄ {count} layers of {network} were frozen: they moved by 0 %, by construction.")
    st.caption(told.format(count=len(frozen), network=chosen.title))
    with st.expander(_("As a table")):
        st.dataframe(changes_table(measured, frozen), key=f"moves-table-{trial.experiment.name}")


def _told_moves(runs: Mapping[str, Run]) -> None:
    """Says how far the layers of the known network moved, the middle one of them, at each rate and under each head."""
    middle: dict[tuple[str, float], str] = {}
    for place, arm in TWO_BY_TWO.items():
        run = runs[arm.name]
        inside = {layer.name for layer in run.recipe.chosen.layers}
        changes = (run.result and run.result.weight_changes) or {}
        moved = [change for layer, change in changes.items() if layer in inside]
        if not moved:
            return
        middle[place] = percent(statistics.median(moved))
    parts = [
        _("at {rate} by {fresh} under the fresh head and {trained} under the trained one").format(
            rate=decimals(rate), fresh=middle["fresh", rate], trained=middle["trained", rate]
        )
        for rate in sorted({rate for _head, rate in TWO_BY_TWO}, reverse=True)
    ]
    st.markdown(
        _("**The layers of the known network moved** {parts} (the middle layer).").format(parts=", ".join(parts))
    )


def _told_effects(runs: Mapping[str, Run]) -> None:
    """Says which of the two choices made more of a difference."""
    accuracies: dict[tuple[str, float], float] = {}
    for place, arm in TWO_BY_TWO.items():
        result = runs[arm.name].result
        if result is None or result.test_accuracy is None:
            return
        accuracies[place] = result.test_accuracy
    of_rate, of_head = main_effects(accuracies)
    text = _(
        "**On average** the low rate changed the accuracy by {rate:+.1f} points, the trained head by {head:+.1f} points."
    )
    st.markdown(text.format(rate=of_rate * 100, head=of_head * 100).replace("-", "−"))


def _frozen(chosen: Architecture, measured: Sequence[Moves]) -> list[str]:
    """The layers of the network with weights that did not learn."""
    return [layer.name for layer in chosen.layers if layer.parameters and layer.name not in measured[0].changes]


def changes_table(measured: Sequence[Moves], frozen: Sequence[str]) -> dict[str, list[str]]:
    """Returns a column a run: first the frozen layers, then those that learnt, in the network's order."""
    learnt = list(measured[0].changes)
    return {
        _("Layer"): [*frozen, *learnt],
        **{
            move.name: [
                *(_("0 % (frozen)") for _layer in frozen),
                *(f"{100 * move.changes[layer]:.2f} %" for layer in learnt),
            ]
            for move in measured
        },
    }


def _side_by_side(sides: Sequence[tuple[Run, str, str]]) -> None:
    grid = st.grid(columns=len(sides), min_column_width=220, gap="medium")
    for run, title, sentence in sides:
        with grid.cell():
            result = run.result
            value = percent(result.test_accuracy) if result and result.test_accuracy is not None else _("not tested")
            validated = percent(result.val_accuracy) if result else "–"
            st.metric(title, value, help=_("Test accuracy; under it with its 95 % interval."))
            st.caption(f"{_accuracy(run)} · {sentence} · " + _("validation {share}").format(share=validated))
