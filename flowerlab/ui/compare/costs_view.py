"""What accuracy cost: test accuracy against time and against size."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import streamlit as st

from flowerlab.charts.costs import Cost, Point, costs_height, costs_options, costs_sentence
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.locale import _
from flowerlab.results.seeds import spread
from flowerlab.runs.events import Result
from flowerlab.runs.run import Run
from flowerlab.ui.compare.fairness import features_note, marked_names


def show_costs(families: Sequence[Sequence[Run]]) -> None:
    """Draws both figures beside each other, for the runs that were tested; nothing if fewer than two families have one."""
    titles: dict[Cost, str] = {"seconds": _("Against time"), "parameters": _("Against size")}
    points: dict[Cost, list[Point]] = {cost: points_of(families, cost) for cost in titles}
    if len(points["seconds"]) < 2:
        return
    st.subheader(
        _("What accuracy costs"),
        help=_(
            "One point a run; the line through it is the 95 % interval of its test accuracy. Several seeds of one recipe are one point, "
            "their mean, with a line from the lowest to the highest. Where the costs differ more than tenfold, each step of the axis is "
            "ten times the one before."
        ),
    )
    grid = st.grid(columns=2, min_column_width=320, gap="medium")
    for cost, title in titles.items():
        with grid.cell():
            st.markdown(f"**{title}**")
            st.echarts_chart(
                costs_options(points[cost], cost),
                height=costs_height(points[cost]),
                key=f"compare-costs-{cost}",
                alt=costs_sentence(points[cost], cost),
            )
    if note := features_note([run for family in families for run in family]):
        st.caption(note)


def points_of(families: Sequence[Sequence[Run]], cost: Cost) -> list[Point]:
    """Returns a point for each run that was tested; one for all seeds of a recipe."""
    names = marked_names([run for family in families for run in family])
    points = []
    for family in families:
        tested = [
            (run, run.result, run.result.test_accuracy)
            for run in family
            if run.result is not None and run.result.test_accuracy is not None
        ]
        if not tested:
            continue
        run, result, _accuracy = tested[0]
        spent = [one.seconds if cost == "seconds" else float(one.trainable_parameters) for _run, one, _share in tested]
        shares = spread([share for _run, _one, share in tested])
        low, high = shares.low, shares.high
        name = names[run.id]
        if len(tested) == 1:
            low, high = accuracy_interval(shares.mean, result.test_photos)
        else:
            name = _("{run}: mean {mean:.1f} % ± {sd:.1f}").format(run=name, mean=100 * shares.mean, sd=100 * shares.sd)
        points.append(
            Point(
                name,
                run.number,
                max(statistics.fmean(spent), 0.1),
                shares.mean,
                low,
                high,
                seeds=len(tested),
                note=_spared([one for _run, one, _share in tested]) if cost == "seconds" else "",
            )
        )
    return points


def _spared(results: Sequence[Result]) -> str:
    """Says whether features were there before, so that a run took less than its recipe does."""
    spared = sum(bool(result.features_at_hand) for result in results)
    if not spared:
        return ""
    if spared == len(results):
        return _("features were already there")
    return _("features were already there for {count} of {all}").format(count=spared, all=len(results))
