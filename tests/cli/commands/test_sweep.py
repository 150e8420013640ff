"""`sweep`."""

from __future__ import annotations

import pytest

from tests.support.command_line import RUN_KEYS, Call


def test_a_sweep_trains_every_combination(call: Call) -> None:
    """Four runs in the order of the grid, each with what it differs in; equal ones are given, not trained again."""
    flags = ["--epochs", "1", "--knob", "learning_rate=1e-4,1e-3", "--knob", "head=8:50,20"]
    outcome = call("sweep", "--json", *flags)
    assert outcome.code == 0, outcome.err
    runs = outcome.json["runs"]
    assert [(run["differs"]["learning_rate"], run["differs"]["head"]) for run in runs] == [
        ("0.0001", "8"),
        ("0.0001", "50,20"),
        ("0.001", "8"),
        ("0.001", "50,20"),
    ]
    assert {key for run in runs for key in run} == RUN_KEYS | {"differs"}
    ids = [run["run_id"] for run in runs]
    assert len(set(ids)) == 4
    assert [run["run_id"] for run in call("sweep", "--json", *flags).json["runs"]] == ids
    told = call("sweep", *flags).out
    assert told.startswith("learning_rate")
    assert len(told.splitlines()) == 5


def test_a_sweep_is_told_beforehand(call: Call) -> None:
    """`--dry-run` lists the combinations and what they take together, and starts nothing."""
    outcome = call("sweep", "--dry-run", "--json", "--knob", "seed=1,2,3")
    assert outcome.code == 0, outcome.err
    assert [run["differs"] for run in outcome.json["runs"]] == [{"seed": "1"}, {"seed": "2"}, {"seed": "3"}]
    assert outcome.json["seconds_total"] > 0
    told = call("sweep", "--dry-run", "--knob", "seed=1,2,3")
    assert "3 runs, about " in told.out
    assert call("runs", "--json").json["runs"] == []


@pytest.mark.parametrize(
    "flags", [[], ["--knob", "seed"], ["--knob", "sead=1"], ["--knob", "seed=x"], ["--seed", "1", "--knob", "seed=2"]]
)
def test_a_bad_sweep_is_one_sentence(call: Call, flags: list[str]) -> None:
    """No knob, no value, no such knob, a value that cannot be, a knob twice: code 2, one sentence, nothing started."""
    outcome = call("sweep", "--json", *flags)
    assert outcome.code == 2
    assert "knob" in outcome.json["error"] or "seed" in outcome.json["error"]
    assert call("runs", "--json").json["runs"] == []
