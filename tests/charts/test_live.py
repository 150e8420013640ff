"""The live curves and the strip of layers, as plain options."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.architectures import ARCHITECTURES, architecture
from flowerlab.charts.live import MEASURES, live_options, live_sentence
from flowerlab.charts.strip import FROZEN, MOST_SINGLE, pieces, strip_options, strip_sentence
from flowerlab.runs.events import Batch, Epoch, Start
from flowerlab.runs.history import History

ABOUT: dict[str, Any] = {"run_id": "0" * 12, "attempt": 1}
COLOUR = "#0072B2"


def history_of(accuracies: list[float], *, batches: int = 0) -> History:
    """A run with whole epochs, and some batches of the next one out of ten."""
    history = History()
    history.take(
        Start(
            **ABOUT,
            epochs=9,
            batches=10,
            total_parameters=1,
            trainable_parameters=1,
            train_photos=1,
            validation_photos=1,
            test_photos=1,
            classes=("a", "b"),
            cached_features=False,
        )
    )
    for number, accuracy in enumerate(accuracies):
        values = {"loss": 1 - accuracy, "accuracy": accuracy, "val_loss": 1.1 - accuracy, "val_accuracy": accuracy}
        history.take(Epoch(**ABOUT, epoch=number, seconds=1.0, **values))
    for batch in range(1, batches + 1):
        history.take(Batch(**ABOUT, epoch=len(accuracies), batch=batch, loss=0.5, accuracy=0.4))
    return history


def test_epochs_stand_at_their_number_in_percent() -> None:
    """The first whole epoch is drawn at 1, accuracy in percent, and the axis spans all epochs from the beginning."""
    options = live_options(history_of([0.25, 0.5]), "accuracy", colour=COLOUR, epochs=9)
    validation, training, _ = options["series"]
    assert validation["data"] == training["data"] == [[1, 25.0], [2, 50.0]]
    assert (options["xAxis"]["min"], options["xAxis"]["max"]) == (0, 9)
    assert (options["yAxis"]["min"], options["yAxis"]["max"]) == (0, 100)


def test_batches_run_inside_their_epoch() -> None:
    """Batch 5 of 10 of the third epoch stands at 2.5, and the line is empty once the epoch is whole."""
    inside = live_options(history_of([0.2, 0.3], batches=5), "loss", colour=COLOUR, epochs=9)["series"][2]["data"]
    assert inside[-1] == [2.5, 0.5]
    assert live_options(history_of([0.2, 0.3]), "loss", colour=COLOUR, epochs=9)["series"][2]["data"] == []


def test_validation_is_thick_and_training_thin_and_dashed() -> None:
    """Validation and training differ by more than colour, and both bear the run's."""
    validation, training, _ = live_options(history_of([0.2]), "loss", colour=COLOUR, epochs=9)["series"]
    assert validation["lineStyle"]["width"] > 2 * training["lineStyle"]["width"]
    assert training["lineStyle"]["type"] == "dashed"
    assert validation["symbol"] != training["symbol"]
    assert validation["color"] == training["color"] == COLOUR


@pytest.mark.parametrize("measure", MEASURES)
def test_the_best_epoch_is_ringed_in_both_charts(measure: Any) -> None:
    """The ring is at the epoch with the highest validation accuracy, the first of equals."""
    options = live_options(history_of([0.3, 0.6, 0.6, 0.4]), measure, colour=COLOUR, epochs=9)
    assert options["series"][0]["markPoint"]["data"][0]["coord"] == options["series"][0]["data"][1]
    assert "the best epoch is 2" in live_sentence(history_of([0.3, 0.6, 0.6, 0.4]), measure)


@given(some.lists(some.floats(0, 1), max_size=20), some.integers(0, 10), some.sampled_from(MEASURES))
def test_any_history_is_json_that_does_not_move(accuracies: list[float], batches: int, measure: Any) -> None:
    """Whatever a run has said so far, the options are strict JSON, unanimated, with axes that do not depend on it."""
    options = live_options(history_of(accuracies, batches=batches), measure, colour=COLOUR, epochs=30)
    json.dumps(options, allow_nan=False)
    assert options["animation"] is False
    assert options["xAxis"] == live_options(History(), measure, colour=COLOUR, epochs=30)["xAxis"]
    assert options["yAxis"] == live_options(History(), measure, colour=COLOUR, epochs=30)["yAxis"]
    assert live_sentence(history_of(accuracies), measure)


def test_a_large_loss_widens_the_axis() -> None:
    """A loss above the usual top is still on the chart."""
    history = history_of([0.2])
    history.take(Epoch(**ABOUT, epoch=1, seconds=1, loss=7.0, accuracy=0, val_loss=6.0, val_accuracy=0))
    assert live_options(history, "loss", colour=COLOUR, epochs=9)["yAxis"]["max"] >= 7.0


def test_the_strip_of_the_lecture() -> None:
    """From block4_conv3 on, 9 of VGG16's layers with weights are frozen, and 4 learn together with the head."""
    parts = pieces(architecture("vgg16"), "block4_conv3", head_layers=3)
    assert strip_sentence(parts) == "❄ 9 layers with weights are frozen; the last 4 learn, and the head behind them."
    colours = [series["itemStyle"]["color"] for series in strip_options(parts)["series"]]
    assert colours.count(FROZEN) == 12
    assert FROZEN not in colours[12:]


def test_a_frozen_block_says_so_without_colour() -> None:
    """Frozen layers with weights bear a snowflake; layers that learn do not."""
    series = strip_options(pieces(architecture("vgg16"), "block4_conv3", head_layers=3))["series"]
    assert [one["label"]["formatter"] for one in series if "conv" in one["name"]] == ["❄"] * 9 + [""] * 4


@pytest.mark.parametrize("name", list(ARCHITECTURES))
def test_a_strip_holds_every_layer_once(name: str) -> None:
    """Moving the slider changes who learns, not how many layers the strip stands for, and long networks stay readable."""
    chosen = architecture(name)
    layers = sum(layer.kind != "InputLayer" for layer in chosen.layers)
    for stop in ["all", *([] if not chosen.stops() else ["none", *(layer.name for layer in chosen.stops())])]:
        parts = pieces(chosen, stop, head_layers=3)
        assert sum(part.layers for part in parts if part.kind != "head") == layers
        assert len(parts) <= MOST_SINGLE + 2
        first = chosen.first_trainable_index(stop)
        learning = 0 if first is None else sum(layer.index >= first for layer in chosen.layers if layer.kind != "InputLayer")
        assert sum(part.layers for part in parts if part.learns and part.kind != "head") == learning
