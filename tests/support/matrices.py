"""Two runs whose matrices a page shows."""

from __future__ import annotations

from typing import Any

from flowerlab.datasets.catalog import dataset_source
from flowerlab.home import Home
from flowerlab.runs.run import Run
from tests.support.photos import GARDEN
from tests.support.runs import add_finished, write_predictions


def run_in(home: Home, name: str, seed: int = 0, **options: Any) -> Run:
    """A finished run on the garden of this lab."""
    return add_finished(home, name, seed=seed, materials=dataset_source("garden", GARDEN).identity(home), **options)


def two_runs(home: Home) -> tuple[Run, Run]:
    """B is right on four photos on which A is wrong: dandelion, daisy, tulips, sunflowers called the next class."""
    first, second = run_in(home, "A"), run_in(home, "B", seed=1)
    write_predictions(home.run(second.id), better=4)
    return first, second
