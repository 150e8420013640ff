"""Finished runs on a small garden with known mistakes, and the views of Mistakes that show them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.home import Home
from flowerlab.runs.run import Run
from flowerlab.tasks.hash_photos import hash_photos
from flowerlab.ui.base.lab import lab
from tests.support.pages import open_page
from tests.support.runs import add_finished

EPOCHS = 4
WRONG = 3


def cut(originals: Originals, part: str, split: str = "honest") -> list[int]:
    """Positions of a part's photos."""
    order, parts = parts_of(originals, "garden", split=split, validation_fraction=0.2)
    return [int(place) for place in order[getattr(parts, part)]]


def add_run(
    home: Home, originals: Originals, name: str = "run", *, split: str = "honest", epochs: int = EPOCHS, seed: int = 0
) -> Run:
    """A finished run on a garden. Of its test photos it names the first `WRONG` wrongly, surer from one to the next.

    Its answer to the first validation photo turns at every epoch, to all others never.
    """
    run = add_finished(home, name, materials=originals.folder.name, split=split, seed=seed)
    test, validation = cut(originals, "test", split), cut(originals, "validation", split)
    truth = originals.labels[test]
    probabilities = np.full((len(test), 5), 0.05, dtype=np.float32)
    probabilities[np.arange(len(test)), truth] = 0.8
    for place in range(WRONG):
        probabilities[place] = 0.01
        probabilities[place, (truth[place] + 1) % 5] = 0.96 - 0.1 * (WRONG - place)
        probabilities[place, truth[place]] = 0.01 + 0.1 * (WRONG - place)
    val_truth = originals.labels[validation]
    by_epoch = np.full((epochs, len(validation), 5), 0.1, dtype=np.float32)
    by_epoch[:, np.arange(len(validation)), val_truth] = 0.6
    for epoch in range(0, epochs, 2):
        by_epoch[epoch, 0] = 0.1
        by_epoch[epoch, 0, (val_truth[0] + 1) % 5] = 0.6
    np.savez_compressed(
        home.run(run.id) / "predictions.npz",
        classes=np.asarray(FLOWERS),
        test_truth=truth,
        test_probabilities=probabilities,
        test_ids=np.asarray([originals.ids[place] for place in test]),
        val_truth=val_truth,
        val_probabilities=by_epoch,
        val_ids=np.asarray([originals.ids[place] for place in validation]),
    )
    return run


def open_view(view: str, *, query: dict[str, str] | None = None, state: dict[str, Any] | None = None) -> AppTest:
    """Opens the page on one of its views."""
    return open_page("mistakes", query=query, state={"mistakes-view": view, **(state or {})})


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The ECharts options of the page, decoded."""
    return [json.loads(chart.proto.spec) for chart in app.get("echarts_chart")]


def hashed(originals: Originals) -> None:
    """Waits until near-duplicates were looked for."""
    task = lab().tasks.start(hash_photos(originals, lab().home))
    assert task.wait(30)
    assert not task.error
