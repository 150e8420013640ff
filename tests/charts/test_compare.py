"""The figures of the Data, Compare and Classify pages: plain rows in, specifications out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from flowerlab.charts.answers import MOST_BARS, answer_options, answer_sentence, best_classes
from flowerlab.charts.balance import balance_options, majority_share, split_options, split_sentence
from flowerlab.charts.colours import class_colour, run_colour
from flowerlab.charts.curves import Curve, curves_options, curves_sentence
from flowerlab.datasets.splits import make_split

NAMES = ("daisy", "roses", "tulips")
CURVE = Curve("A #1", 1, (1, 2, 3), (0.3, 0.5, 0.7), (0.2, 0.6, 0.55), best_epoch=2)


def test_curves_draw_validation_thick_and_training_thin_in_one_colour() -> None:
    """A run has one colour; its validation line is solid and thick, its training line thin."""
    options = curves_options([CURVE], "accuracy")
    validation, training = options["series"]
    assert training["color"] == validation["color"] == run_colour(1)
    assert "type" not in validation["lineStyle"]
    assert validation["lineStyle"]["width"] > 2 * training["lineStyle"]["width"]
    assert [point["value"] for point in validation["data"]] == [[1, 20], [2, 60], [3, pytest.approx(55)]]
    assert [point["value"][1] for point in training["data"]] == pytest.approx([30, 50, 70])
    assert json.loads(json.dumps(options)) == options


def test_curves_mark_the_kept_epoch() -> None:
    """The mark of the best epoch, and of no other, is ringed and larger."""
    options = curves_options([CURVE], "loss")
    validation = options["series"][0]
    sizes = [point.get("symbolSize", validation["symbolSize"]) for point in validation["data"]]
    assert sizes[1] > sizes[0] == sizes[2]
    assert ["itemStyle" in point for point in validation["data"]] == [False, True, False]
    assert curves_sentence([CURVE], "accuracy") == "A #1: validation accuracy 60.0 % in epoch 2 of 3."


def test_runs_differ_in_more_than_colour() -> None:
    """Two runs have different markers, so that colour is never alone."""
    other = Curve("B #2", 2, (1,), (0.5,), (0.6,), best_epoch=1)
    first, _training, second, _other = curves_options([CURVE, other], "accuracy")["series"]
    assert first["symbol"] != second["symbol"]


def test_a_run_without_whole_epochs_can_be_drawn() -> None:
    """A curve without points neither breaks the figure nor its sentence."""
    empty = Curve("C #3", 3, (), (), ())
    assert len(curves_options([CURVE, empty], "accuracy")["series"]) == 4
    assert "C #3" not in curves_sentence([CURVE, empty], "accuracy")


@pytest.mark.parametrize(("last", "wanted"), [(1, {"max": 2, "interval": 1}), (12, {"max": 12, "interval": 1}), (13, {"max": 13})])
def test_epochs_are_whole_ticks(last: int, wanted: dict[str, int]) -> None:
    """No tick stands between two epochs; few epochs have one each."""
    epochs = tuple(range(1, last + 1))
    axis = curves_options([Curve("A", 1, epochs, (0.5,) * last, (0.5,) * last)], "accuracy")["xAxis"]
    assert {name: axis.get(name) for name in ("max", "interval")} == {"interval": None} | wanted
    assert axis["minInterval"] == 1


def test_balance_shows_every_class_in_its_colour() -> None:
    """One bar a class, in label order, with its count and share."""
    bars = balance_options(NAMES, [10, 30, 60])["series"][0]["data"]
    assert [bar["value"] for bar in bars] == [10, 30, 60]
    assert [bar["itemStyle"]["color"] for bar in bars] == [class_colour(index) for index in range(3)]
    assert "60.0 %" in bars[2]["label"]["formatter"]
    assert majority_share([10, 30, 60]) == 0.6


@pytest.mark.parametrize("count", [50, 200, 3670])
def test_an_honest_split_fills_the_bar_once(count: int) -> None:
    """Training, validation and test of the honest split follow one another without a gap or an overlap."""
    parts = make_split(count, split="honest", validation_fraction=0.2)
    training, validation, gap, test = split_options(parts, count=count, leak=False)["series"]
    learnt = training["data"][1] + validation["data"][1]
    assert gap["data"][0] == learnt
    assert learnt + test["data"][0] == count
    assert "0 of the test photos" in split_sentence(parts, count=count)


def test_the_leak_is_drawn_and_named() -> None:
    """The lecture's test part begins at the first photo, and picture and sentence say that it was trained on."""
    parts = make_split(3670, split="lecture", validation_fraction=0.2)
    options = split_options(parts, count=3670, leak=True)
    gap, test = options["series"][2:]
    assert gap["data"][0] == 0
    assert "leak" in test["label"]["formatter"]
    assert "seen in training" in test["name"]
    assert "1,101 of the test photos also trained" in split_sentence(parts, count=3670)


def test_few_classes_keep_their_order_and_many_show_the_best() -> None:
    """Up to six classes stand in label order; of more, the most probable stand highest first."""
    assert best_classes([0.1, 0.7, 0.2]) == [0, 1, 2]
    many = np.linspace(0, 1, 20).tolist()
    assert best_classes(many) == list(range(19, 19 - MOST_BARS, -1))


def test_an_answer_is_drawn_in_percent() -> None:
    """Bars hold percent, in the classes' colours, and tiny shares are not rounded to nothing."""
    options = answer_options(NAMES, [0.001, 0.069, 0.93])
    bars = options["series"][0]["data"]
    assert [bar["label"]["formatter"] for bar in bars] == ["under 1 %", "7 %", "93 %"]
    assert bars[2]["value"] == pytest.approx(93)
    assert answer_sentence(NAMES, [0.0, 0.07, 0.93]) == "daisy under 1 %, roses 7 %, tulips 93 %."


def test_options_are_plain() -> None:
    """ECharts options hold nothing but what JSON knows."""
    parts = make_split(100, split="honest", validation_fraction=0.2)
    for options in (
        balance_options(NAMES, [1, 2, 3]),
        answer_options(NAMES, [0, 0, 1]),
        split_options(parts, count=100, leak=True),
    ):
        assert json.loads(json.dumps(options)) == options
