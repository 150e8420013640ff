"""What Compare says of a run: each row is whole, and one more row is enough for one more metric."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from flowerlab.cli.app import main
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.results.answers import answers_of
from flowerlab.results.columns import COLUMNS, Column, finished_of, plain_row
from tests.support.runs import add_finished

# Of a run on its own `compare --json` has told these ever since.
KEYS = [
    "run_id",
    "name",
    "accuracy",
    "interval",
    "test_photos",
    "per_class",
    "macro",
    "weighted",
    "ece",
    "temperature",
    "ece_tempered",
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_row_is_whole(column: Column, home: Home, idle_lab: Lab) -> None:
    """It has a heading, a sentence, and of a run a value as the table needs it: a number where a form writes numbers, else a text. Where
    the test was skipped nothing is made up."""
    assert column.name.isidentifier()
    assert [one.name for one in COLUMNS].count(column.name) == 1
    assert column.title
    assert column.help.endswith(".")
    run, untested = add_finished(home, "run"), add_finished(home, "untested", tested=False, seed=1)
    answers = answers_of(home, idle_lab.store, run)
    one, other = finished_of(idle_lab.store, run, answers), finished_of(idle_lab.store, untested)
    value = column.value(one)
    assert isinstance(value, int | float if column.form else str)
    if column.percent:
        assert 0 <= float(value) <= 1
    assert column.written(one) not in ("", "–") or column.name == "features"
    # A metric of the test photos may come by a row of its own.
    assert (column.value(other) is None) == (column.name.startswith("test_") or column.quality)
    assert column.written(other)


def test_without_metrics_the_command_keeps_its_keys(home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    """What scripts read of a run in `compare --json` is what it ever was."""
    runs = [add_finished(home, name, seed=seed) for seed, name in enumerate("ab")]
    assert main(["compare", *(run.id for run in runs), "--json"]) == 0
    metrics = {column.name for column in COLUMNS if column.quality}
    for one in json.loads(capfd.readouterr().out)["runs"]:
        assert [key for key in one if key not in metrics - {*KEYS}] == KEYS


def test_what_is_not_known_is_none(home: Home, idle_lab: Lab) -> None:
    """A run that never said how many photos validated it has no interval; its file has empty cells, not zeros."""
    run = add_finished(home, "run", batches=None)
    assert run.result is not None
    silent = replace(run, result=run.result.model_copy(update={"validation_photos": None}))
    row = plain_row(finished_of(idle_lab.store, silent))
    assert row["validation_accuracy"] == pytest.approx(70)
    assert (row["validation_low"], row["validation_high"]) == (None, None)
