"""The figures of the upper half of Compare and of the experiments: bands, costs, weight changes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.charts.costs import Point, costs_options, costs_sentence, is_wide, log_ticks
from flowerlab.charts.curves import Curve, banded, curve_rows, curves_options, curves_sentence
from flowerlab.charts.weight_changes import Moves, changes_options, changes_sentence

SHARES = some.floats(0, 1)


@some.composite
def seeds(draw: some.DrawFn) -> list[Curve]:
    """Curves of one recipe with several seeds, some of which ended early."""
    curves = []
    for number in range(draw(some.integers(1, 4))):
        length = draw(some.integers(1, 5))
        training, validation, at = (draw(some.lists(SHARES, min_size=length, max_size=length)) for _ in range(3))
        epochs = tuple(range(1, length + 1))
        curves.append(Curve(f"run {number}", 7, epochs, tuple(training), tuple(validation), length, at=tuple(at)))
    return curves


@given(seeds())
def test_a_band_is_numpys_mean_and_range(curves: list[Curve]) -> None:
    """Over the epochs that all have: means of training, validation and place, smallest and largest validation, as NumPy has them."""
    band = banded(curves, "all")
    last = min(len(curve.epochs) for curve in curves)
    validation = np.array([curve.validation[:last] for curve in curves])
    assert band.epochs == tuple(range(1, last + 1))
    assert band.validation == pytest.approx(validation.mean(axis=0))
    assert band.low == pytest.approx(validation.min(axis=0))
    assert band.high == pytest.approx(validation.max(axis=0))
    assert band.training == pytest.approx(np.mean([curve.training[:last] for curve in curves], axis=0))
    assert band.sd == pytest.approx(validation.std(axis=0, ddof=1) if len(curves) > 1 else [0.0] * last, abs=1e-9)
    assert band.at == pytest.approx(np.mean([curve.at[:last] for curve in curves], axis=0))
    assert (band.name, band.number, band.best_epoch) == ("all", 7, None)


def test_a_band_lies_under_its_lines() -> None:
    """The band is what the highest adds to the lowest, filled in the run's colour, under the thin and the thick line."""
    both = [Curve("a", 1, (1, 2), (0.1, 0.2), (0.3, 0.4)), Curve("b", 2, (1, 2), (0.3, 0.4), (0.5, 0.8))]
    options = curves_options([banded(both, "both")], "accuracy")
    validation, training, low, above = options["series"]
    assert low["data"] == [[1, pytest.approx(30)], [2, pytest.approx(40)]]
    assert above["data"] == [[1, pytest.approx(20)], [2, pytest.approx(40)]]
    assert low["stack"] == above["stack"]
    assert "areaStyle" in above
    assert "areaStyle" not in low
    assert low["z"] == above["z"] < training["z"] < validation["z"]
    assert [point["value"][1] for point in training["data"]] == pytest.approx([20, 30])
    assert [point["value"][1] for point in validation["data"]] == pytest.approx([40, 60])
    # One name for all four: a click in the legend hides them together.
    told = "both: mean 60.0 % ± 28.3 in epoch 2"
    assert options["legend"]["data"] == [told]
    assert {line["name"] for line in options["series"]} == {told}
    told = "both: validation accuracy 60.0 % ± 28.3 (40.0–80.0) in epoch 2 of 2."
    assert curves_sentence([banded(both, "both")], "accuracy") == told


def test_each_band_is_stacked_by_itself() -> None:
    """Two bands of one figure do not stand on each other."""
    both = [Curve("a", 1, (1, 2), (0.1, 0.2), (0.3, 0.4)), Curve("b", 2, (1, 2), (0.3, 0.4), (0.5, 0.8))]
    series = curves_options([banded(both, "x"), banded(both, "y")], "accuracy")["series"]
    assert series[2]["stack"] != series[6]["stack"]


@pytest.mark.parametrize(("along", "title"), [("seconds", "time since the run began (s)"), ("steps", "gradient steps (batches)")])
def test_curves_stand_where_their_epochs_ended(along: str, title: str) -> None:
    """Along seconds or steps the points stand at their places, and a hover still tells the epoch."""
    curve = Curve("a", 1, (1, 2), (0.1, 0.2), (0.3, 0.4), at=(2.5, 6.0))
    options = curves_options([curve], "accuracy", along)  # type: ignore[arg-type]
    validation = options["series"][0]["data"]
    assert [point["value"][0] for point in validation] == [2.5, 6.0]
    assert [point["name"] for point in validation] == ["validation, epoch 1", "validation, epoch 2"]
    assert options["xAxis"]["name"] == title
    assert "interval" not in options["xAxis"]


def test_curves_are_rows_of_a_table_too() -> None:
    """One row an epoch, in percent or as a loss, a band with its reach."""
    both = [Curve("a", 1, (1,), (0.1,), (0.3,), at=(2.5,)), Curve("b", 2, (1,), (0.3,), (0.5,), at=(3.5,))]
    assert curve_rows(both[:1], "accuracy") == [
        {"run": "a", "epoch": 1, "at": 2.5, "training": pytest.approx(10), "validation": pytest.approx(30)}
    ]
    (row,) = curve_rows([banded(both, "both")], "loss")
    assert (row["at"], row["low"], row["high"]) == (3.0, 0.3, 0.5)


def points(*costs: float) -> list[Point]:
    """Tested runs that cost this."""
    return [Point(f"run {place}", place, cost, 0.8, 0.75, 0.84) for place, cost in enumerate(costs, start=1)]


@given(some.lists(some.floats(0.1, 1e8), min_size=2, max_size=6))
def test_costs_beyond_a_decade_are_logarithmic(costs: list[float]) -> None:
    """The axis is logarithmic exactly where the largest is more than ten times the smallest; all costs lie on it, between two ticks."""
    options = costs_options(points(*costs), "parameters")
    axis = options["xAxis"]
    assert (axis["type"] == "log") == is_wide(costs) == (max(costs) > 10 * min(costs))
    assert axis["min"] <= min(costs) * 1.001
    assert axis["max"] >= max(costs) * 0.999
    if axis["type"] == "log":
        ticks = [line["xAxis"] for line in options["series"][0]["markLine"]["data"]]
        assert ticks == log_ticks(costs)
        assert (axis["min"], axis["max"]) == (ticks[0], ticks[-1])
        assert len(ticks) <= 3 * (math.log10(max(costs) / min(costs)) + 3)
        # No tick is further out than needed: the second one lies beyond the costs' end.
        assert ticks[1] > min(costs) * 0.999
        assert ticks[-2] < max(costs) * 1.001


def test_a_point_bears_its_interval() -> None:
    """The bar goes from the lower to the upper end of the 95 % interval; ticks are short; words say the same."""
    options = costs_options(points(2_000, 1_500_000), "parameters")
    mark, bar = options["series"][:2]
    assert mark["data"] == [[2_000, 80]]
    assert bar["data"] == [[2_000, 75], [2_000, 84]]
    assert mark["name"] == bar["name"] == "run 1"
    ticks = [line["label"]["formatter"] for line in mark["markLine"]["data"]]
    assert ticks == ["1 k", "10 k", "100 k", "1 M", "10 M"]
    assert costs_sentence(points(70, 9), "seconds") == ("run 2: 80.0 % (75.0–84.0), 9.0 s; run 1: 80.0 % (75.0–84.0), 1 min 10 s")


def test_a_point_of_several_seeds_says_so() -> None:
    """What its bar is, and what its time leaves out, stand in the hover and in the words."""
    point = Point("B", 1, 12.0, 0.851, 0.84, 0.864, seeds=3, note="features were already there")
    told = "85.1 % (mean of 3 seeds, 84.0–86.4)"
    assert costs_sentence([point], "seconds") == f"B: {told}, 12 s, features were already there"
    drawn = costs_options([point], "seconds")["series"][0]
    assert drawn["tooltip"]["formatter"] == "{a}<br>" + f"{told}<br>12 s<br>features were already there"


def test_what_somebody_typed_is_in_no_template() -> None:
    """ECharts obeys HTML in a tooltip's template, and escapes the series' name that it puts into it: a name stands only there."""
    name = "<img src=x onerror=alert(1)> {c}"
    drawn = costs_options([Point(name, 1, 12.0, 0.8, 0.7, 0.9)], "seconds")
    curve = Curve(name=name, number=1, epochs=(1,), training=(0.5,), validation=(0.5,), best_epoch=1)
    for options in (drawn, curves_options([curve], "accuracy")):
        assert {one["name"] for one in options["series"]} == set(options["legend"]["data"]) == {name}
        assert json.dumps(options).count("onerror") == len(options["series"]) + 1


MOVES = [Moves("high", 1, {"conv": 0.45, "answer": 0.9}), Moves("low", 2, {"conv": 0.002, "answer": 0.0})]


def test_moves_are_percent_on_a_logarithmic_axis() -> None:
    """One line a run over the layers that learn; the frozen ones are one place before them; what did not move lies at the bottom."""
    options = json.loads(json.dumps(changes_options(MOVES, frozen=9)))
    assert options["xAxis"]["data"] == ["❄ 9", "conv", "answer"]
    log, whole = options["yAxis"]
    assert log["type"] == "log"
    assert log["min"] == pytest.approx(0.1)
    assert options["series"][0]["data"] == [None, 45.0, 90.0]
    assert options["series"][1]["data"] == [None, pytest.approx(0.2), pytest.approx(0.1)]
    lines = [one for one in options["series"] if one["type"] == "line"]
    assert len({line["symbol"] for line in lines}) == 2
    # The shade of the frozen place fills its whole width and height, and is no run.
    (shade,) = [one for one in options["series"] if one["type"] == "bar"]
    assert (shade["data"], shade["yAxisIndex"]) == ([1, None, None], 1)
    assert (whole["type"], whole["min"], whole["max"]) == ("value", 0, 1)
    assert options["legend"]["data"] == [line["name"] for line in lines]
    assert [one["type"] for one in changes_options(MOVES, frozen=0)["series"]] == ["line", "line"]
    assert changes_options(MOVES, frozen=0)["xAxis"]["data"] == ["conv", "answer"]


def test_moves_are_told_in_words() -> None:
    """Which layer moved least and most, and that the frozen ones did not."""
    told = changes_sentence(MOVES, frozen=9)
    assert "high: from 45.00 % (conv) to 90.00 % (answer)" in told
    assert "9 frozen layers before them did not move: 0 %" in told
