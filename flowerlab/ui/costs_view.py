"""What accuracy cost: test accuracy against time and against size."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from flowerlab.charts.costs import Cost, Point, costs_figure, costs_sentence
from flowerlab.locale import _
from flowerlab.metrics import accuracy_interval
from flowerlab.run import Run


def show_costs(runs: Sequence[Run]) -> None:
    """Draws both figures beside each other, for the runs that were tested.

    Args:
        runs: Two or more tested ones for anything to be shown.
    """
    titles: dict[Cost, str] = {"seconds": _("Against time"), "parameters": _("Against size")}
    points: dict[Cost, list[Point]] = {cost: points_of(runs, cost) for cost in titles}
    if len(points["seconds"]) < 2:
        return
    st.subheader(
        _("What accuracy costs"),
        help=_(
            "One point a run; the line through it is the 95 % interval of its test accuracy. Where the costs differ more than tenfold, "
            "each step of the axis is ten times the one before."
        ),
    )
    grid = st.grid(columns=2, min_column_width=320, gap="medium")
    for cost, title in titles.items():
        with grid.cell():
            st.markdown(f"**{title}**")
            st.plotly_chart(
                costs_figure(points[cost], cost), key=f"compare-costs-{cost}", config={"displayModeBar": False},
                alt=costs_sentence(points[cost], cost),
            )  # fmt: skip


def points_of(runs: Sequence[Run], cost: Cost) -> list[Point]:
    """Returns a point for each run that was tested."""
    points = []
    for run in runs:
        result = run.result
        if result is None or result.test_accuracy is None:
            continue
        spent = result.seconds if cost == "seconds" else float(result.trainable_parameters)
        low, high = accuracy_interval(result.test_accuracy, result.test_photos)
        points.append(Point(run.name, run.number, max(spent, 0.1), result.test_accuracy, low, high))
    return points
