"""`experiment`."""

from __future__ import annotations

import re

import pytest

from tests.support.command_line import RUN_KEYS, Call


def test_an_experiment_is_one_command(call: Call) -> None:
    """Its runs are under the names of their arms; asked again they are given, and in words the question is answered."""
    outcome = call("experiment", "fine-tuning", "--epochs", "1", "--json")
    assert outcome.code == 0, outcome.err
    assert re.search(r"5 runs to train, about \d", outcome.err)
    runs = outcome.json["runs"]
    assert list(runs) == ["B", "fresh-high", "fresh-low", "trained-high", "trained-low"]
    assert {key for run in runs.values() for key in run} == RUN_KEYS | {"weight_changes"}
    assert runs["trained-low"]["recipe"]["start_from"] == runs["B"]["run_id"]
    again = call("experiment", "fine-tuning", "--epochs", "1", "--json")
    assert {name: run["run_id"] for name, run in again.json["runs"].items()} == {name: run["run_id"] for name, run in runs.items()}
    told = call("experiment", "padding", "--epochs", "1").out
    assert told.startswith("What does the padding do?")
    assert "B with the padding: test accuracy 83.3 % (66.4–92.7)" in told


def test_a_dry_run_of_an_experiment_starts_nothing(call: Call) -> None:
    """`--dry-run` tells what would be trained and how long that takes, adds no run, and knows what is there already."""
    text = call("experiment", "fine-tuning", "--epochs", "1", "--dry-run").out
    assert "Head from B, 0.001 (the lecture's C): to train, from the run of B" in text
    assert re.search(r"5 runs to train, about .+ Nothing was started\.", text)
    assert call("runs", "--json").json["runs"] == []
    b = call("experiment", "padding", "--epochs", "1", "--json").json["runs"]["B"]["run_id"]
    outcome = call("experiment", "leak", "--epochs", "1", "--dry-run", "--json").json
    assert (outcome["dry_run"], outcome["there"], list(outcome["missing"])) == (True, {"B": b}, ["leak"])
    assert outcome["missing"]["leak"]["split"] == "lecture"
    assert outcome["seconds_total"] > 0
    assert len(call("runs", "--json").json["runs"]) == 2
    assert call("experiment", "leak", "--epochs", "0", "--dry-run").code == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["what"], "fine-tuning, leak, padding"),
        (["leak", "--architecture", "handmade"], "known network"),
        (["leak", "--epochs", "0"], "epochs"),
    ],
)
def test_a_bad_experiment_is_one_sentence(call: Call, arguments: list[str], word: str) -> None:
    """An unknown name, a network that cannot be fine-tuned, a bad knob: code 2, one sentence, nothing started."""
    outcome = call("experiment", *arguments, "--json")
    assert outcome.code == 2
    assert word in outcome.json["error"]
    assert call("runs", "--json").json["runs"] == []
