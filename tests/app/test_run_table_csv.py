"""The file that the run table offers."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from flowerlab.home import Home
from flowerlab.recipe.knobs import KNOBS
from flowerlab.results.columns import finished_of, plain_row
from flowerlab.ui.base.lab import lab
from flowerlab.ui.widgets import run_table
from tests.support.runs import RIGHT, TESTED, add_finished


def test_the_file_has_a_line_a_run_with_plain_numbers(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """UTF-8 with a heading and one line a run; names with commas, quotes and umlauts come back as they were typed; numbers are whole
    and every knob of the recipe is there."""
    names = ['Grün, "schön"', "plain", "= 1 + 1; x"]
    runs = [add_finished(home, name, seed=seed) for seed, name in enumerate(names)]
    finished = [finished_of(lab().store, run) for run in runs]
    rows = [plain_row(one) for one in finished]
    offered: dict[str, Any] = {}
    monkeypatch.setattr(run_table.st, "download_button", lambda _label, data, **about: offered.update(about, data=data))
    run_table.download_csv(finished, key="csv")
    content = offered["data"]()
    assert isinstance(content, bytes)
    assert offered["file_name"].endswith(".csv")
    read = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    assert [list(line) for line in read] == [list(rows[0])] * 3
    assert set(KNOBS) <= set(read[0])
    for line, row in zip(read, rows, strict=True):
        for column, value in row.items():
            if isinstance(value, float):
                assert float(line[column]) == pytest.approx(value, rel=1e-12), column
            else:
                assert line[column] == ("" if value is None else str(value)), column
    assert [line["run"] for line in read] == names
    assert float(read[0]["test_accuracy"]) == pytest.approx(100 * RIGHT / TESTED, rel=1e-12)
