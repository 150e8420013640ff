"""`lecture`."""

from __future__ import annotations

import pytest

from flowerlab.engine.fake import FakeEngine
from tests.support.command_line import RUN_KEYS, Call, _fail


def test_the_lecture_gives_a_b_and_c(call: Call) -> None:
    """`lecture --json` has the three runs under A, B and C; C starts from B; shared knobs reach all three."""
    outcome = call("lecture", "--architecture", "mobilenet_v2", "--weights", "none", "--epochs", "1", "--json")
    assert outcome.code == 0
    assert list(outcome.json) == ["runs"]
    runs = outcome.json["runs"]
    assert list(runs) == ["A", "B", "C"]
    assert all(set(run) == RUN_KEYS and run["state"] == "done" for run in runs.values())
    recipes = {letter: run["recipe"] for letter, run in runs.items()}
    assert {letter: recipe["architecture"] for letter, recipe in recipes.items()} == {
        "A": "handmade",
        "B": "mobilenet_v2",
        "C": "mobilenet_v2",
    }
    assert {recipe["epochs"] for recipe in recipes.values()} == {1}
    assert recipes["C"]["start_from"] == runs["B"]["run_id"]
    assert (recipes["B"]["unfreeze_from"], recipes["C"]["unfreeze_from"]) == ("none", "block_13_expand")


def test_the_lecture_again_trains_nothing_new(call: Call) -> None:
    """A second lecture gives the runs of the first."""
    first = call("lecture", "--weights", "none", "--epochs", "1", "--json").json["runs"]
    second = call("lecture", "--weights", "none", "--epochs", "1", "--json").json["runs"]
    assert {letter: run["run_id"] for letter, run in first.items()} == {letter: run["run_id"] for letter, run in second.items()}


def test_the_lecture_may_be_gentle(call: Call) -> None:
    """`--gently` adds the mended C, with its small learning rate."""
    runs = call("lecture", "--gently", "--weights", "none", "--epochs", "1", "--json").json["runs"]
    assert list(runs) == ["A", "B", "C", "gently"]
    assert runs["gently"]["recipe"]["learning_rate"] == 1e-5


def test_missing_weights_fail_with_the_way_out(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where B cannot get ImageNet weights, the lecture ends with 1 and standard error names `--weights none`."""
    play = FakeEngine._play
    monkeypatch.setattr(FakeEngine, "_play", lambda self, job: (play if job.recipe.weights == "none" else _fail)(self, job))
    outcome = call("lecture", "--architecture", "vgg16", "--epochs", "1", "--json")
    assert outcome.code == 1
    runs = outcome.json["runs"]
    assert {letter: run["state"] for letter, run in runs.items()} == {"A": "done", "B": "failed", "C": "failed"}
    assert runs["B"]["message"] == "The weights are missing."
    assert "--weights none" in outcome.err
