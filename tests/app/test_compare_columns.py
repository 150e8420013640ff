"""What Compare says of a run: a row of `flowerlab.results.columns` is a column of the page, and of all that is taken from it."""

from __future__ import annotations

import json

import pytest

from flowerlab.cli.app import main
from flowerlab.evaluation.metrics import average_figures, class_figures
from flowerlab.export.card import card
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.knobs import KNOBS
from flowerlab.results import columns
from flowerlab.results.answers import answers_of
from flowerlab.results.columns import COLUMNS, Column, Finished, finished_of, plain_row
from tests.support.pages import open_page
from tests.support.runs import RIGHT, TESTED, add_finished

# What two metrics would be, one of a run's result, one of its answers.
RECALL = Column(
    "mean_recall",
    "Mean recall",
    "Mean over the classes of the share that was found.",
    lambda one: average_figures(class_figures(one.result.confusion_matrix or []), weighted=False).recall,
    "%.2f %%",
    percent=True,
    quality=True,
)
DOUBT = Column(
    "doubt",
    "Mean doubt",
    "Mean of what is left of 1 beside an answer.",
    lambda one: 1 - float(one.answers.probabilities.max(axis=1).mean()) if one.answers else None,
    "%.3f",
    quality=True,
    of_answers=True,
)


def test_every_row_is_a_column_of_the_page(home: Home) -> None:
    """The table on Compare has exactly them, behind the run's mark and name; the file also has every knob."""
    run = add_finished(home, "run")
    table = open_page("compare").dataframe[0].value
    assert list(table.columns) == ["mark", "run", *(column.name for column in COLUMNS)]
    row = plain_row(Finished(run))
    assert {column.name for column in COLUMNS if column.form} | set(KNOBS) <= set(row)
    assert row["test_accuracy"] == pytest.approx(100 * RIGHT / TESTED)


def test_one_more_row_is_one_more_metric(
    home: Home, idle_lab: Lab, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A metric that is one row more stands in the table, in its file, in `compare` in words and in JSON, and on the card; one that reads
    answers is left out where none were read."""
    first, second = add_finished(home, "first"), add_finished(home, "second", seed=1)
    monkeypatch.setattr(columns, "COLUMNS", (*COLUMNS, RECALL, DOUBT))
    app = open_page("compare", state={"find-runs": True})
    assert not app.exception
    compared, found = (frame.value for frame in app.dataframe if "seconds" in frame.value.columns)
    if "mark" in found.columns:
        compared, found = found, compared
    assert compared["mean_recall"].tolist() == pytest.approx([100 * 6 / 7] * 2)
    assert 0 < compared["doubt"][0] < 1
    assert "mean_recall" in found.columns
    assert "doubt" not in found.columns
    one = finished_of(idle_lab.store, first, answers_of(home, idle_lab.store, first))
    assert {"mean_recall", "doubt"} <= set(plain_row(one))
    assert "doubt" not in plain_row(Finished(first))
    assert main(["compare", first.id, second.id, "--json"]) == 0
    record = json.loads(capfd.readouterr().out)["runs"][0]
    assert list(record)[-2:] == ["mean_recall", "doubt"]
    assert record["mean_recall"] == pytest.approx(6 / 7)
    assert main(["compare", first.id, second.id]) == 0
    assert "  Mean recall: 85.71 %" in capfd.readouterr().out
    assert "<b>85.71 %</b>Mean recall" in card(idle_lab.store, first)
