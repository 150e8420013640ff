"""What is told about the inside of a network, over the line and in words."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from flowerlab.engine.wire import from_wire, to_wire
from flowerlab.errors import RunFailed
from flowerlab.home import Home
from flowerlab.inference.explanations import Explanation, FeatureMaps, Filters, NetworkInput, explain
from flowerlab.lab import Lab
from tests.support.runs import add_finished

PICTURE = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
RECORDS = [
    Explanation(np.eye(3, dtype=np.float32), (2, 3), "conv5", 1, np.asarray([0.25, 0.75], dtype=np.float32)),
    FeatureMaps(PICTURE, (3, 0), (-1.5, 0.0), (2.0, 0.1), 64, 7),
    Filters("conv1", PICTURE[None]),
    NetworkInput(PICTURE, -1.0, 1.0, (2, 1, 0)),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_a_record_survives_the_line(record: Any) -> None:
    """Written by the predictor's process and read by ours, each field is what it was, to the bit and of the same type."""
    found = type(record)(**from_wire(json.loads(json.dumps(to_wire(vars(record))))))
    for field in fields(record):
        sent, came = getattr(record, field.name), getattr(found, field.name)
        assert type(came) is type(sent)
        if isinstance(sent, np.ndarray):
            assert came.dtype == sent.dtype
            assert np.array_equal(came, sent)
        else:
            assert came == sent


def test_a_run_without_a_model_is_refused_before_anything_is_asked(home: Home, idle_lab: Lab) -> None:
    """One whose file is gone ends in a sentence; no process is started for it."""
    run = add_finished(home, "gone")
    home.model(run.id).unlink()
    with pytest.raises(RunFailed, match="'gone' has no model to look into"):
        explain(idle_lab.predictor, home, run, PICTURE)
    assert not home.log("predictor").exists()
