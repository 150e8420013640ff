"""`train` and `resume`."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from flowerlab.cli.knobs import flag_of
from flowerlab.engine.fake import FakeEngine
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End
from flowerlab.runs.run import Run
from flowerlab.store import Store
from tests.support.checkpoints import leave_checkpoint
from tests.support.command_line import RUN_KEYS, Call, _fail, all_runs, start_elsewhere


def test_train_gives_one_json_object_with_every_key(call: Call) -> None:
    """`train --json` writes the run and nothing else to standard output, and ends with 0."""
    outcome = call("train", "--epochs", "2", "--name", "Mine", "--json")
    assert outcome.code == 0
    record = outcome.json
    assert set(record) == RUN_KEYS
    assert (record["name"], record["state"], record["epochs_run"], record["best_epoch"]) == ("Mine", "done", 2, 1)
    assert record["recipe"] == Recipe.parse({"epochs": 2}).model_dump(mode="json")
    assert record["test_interval"][0] < record["test_accuracy"] < record["test_interval"][1]
    assert sum(map(sum, record["confusion_matrix"])) == 30


def test_lines_tell_every_epoch_where_there_is_no_terminal(call: Call) -> None:
    """Without a terminal, standard error has one line an epoch, without control characters."""
    outcome = call("train", "--epochs", "3")
    lines = [line for line in outcome.err.splitlines() if "validation accuracy" in line]
    assert [line.split(": ")[1].split(",")[0] for line in lines] == [f"epoch {n} of 3" for n in (1, 2, 3)]
    assert "\x1b" not in outcome.err
    assert "test accuracy 83.3 % (" in outcome.out


@pytest.mark.parametrize("name", sorted(KNOBS))
def test_every_knob_is_a_flag(call: Call, name: str) -> None:
    """Each knob of the recipe has its flag, which changes that knob of what would be trained."""
    source = start_elsewhere(architecture="vgg16", weights="none").id
    values = {
        "architecture": "resnet50",
        "unfreeze_from": "block4_conv3",
        "epochs": "7",
        "batch_size": "8",
        "dropout": "0.5",
        "learning_rate": "0.01",
        "dataset": "tf_flowers",
        "split": "lecture",
        "resize": "crop",
        "image_size": "96",
        "weights": "none",
        "head": "30,10",
        "optimizer": "sgd",
        "validation_fraction": "0.1",
        "augment": "flip",
        "patience": "3",
        "seed": "9",
        "start_from": source,
        "augment_views": "4",
    }
    base = {"architecture": "vgg16"} | ({"augment": "flip"} if name == "augment_views" else {})
    wanted = {**base, name: values[name]}
    flags = [part for knob, value in wanted.items() for part in (flag_of(knob), value)]
    outcome = call("train", "--dry-run", "--json", *flags)
    assert outcome.code == 0, outcome.err
    assert outcome.json["recipe"] == Recipe.parse(wanted).model_dump(mode="json")
    assert outcome.json["recipe"] != Recipe.parse(base).model_dump(mode="json")


@pytest.mark.parametrize("command", ["train", "lecture"])
def test_help_names_every_flag(command: str, call: Call) -> None:
    """`--help` shows the flag and the help text of each knob that the command takes."""
    assert flag_of("learning_rate") == "--learning-rate"
    shown = " ".join("".join(letter for letter in call(command, "--help").out if letter not in "│╭╮╰╯─").split())
    for name, knob in KNOBS.items():
        if command == "lecture" and name in ("unfreeze_from", "start_from"):
            assert flag_of(name) not in shown
        else:
            assert flag_of(name) in shown
            assert "".join(knob.help.replace("`", "").split()[:4]) in shown.replace(" ", "")


def test_a_dry_run_starts_nothing(call: Call) -> None:
    """`--dry-run` tells parameters and what is at hand as Keras would count, and adds no run."""
    outcome = call("train", "--dry-run", "--json", "--architecture", "vgg16")
    assert outcome.code == 0
    plan = outcome.json
    assert (plan["total_parameters"], plan["trainable_parameters"]) == (15_125_463, 410_775)
    assert (plan["dataset_at_hand"], plan["weights_at_hand"], plan["missing_mb"]) == (True, False, 58.9)
    assert plan["train_photos"] is None
    text = call("train", "--dry-run", "--dataset", "tf_flowers").out
    assert "154,087" in text
    assert "229 MB" in text
    assert all_runs() == []


def test_an_equal_run_is_given_unless_again(call: Call) -> None:
    """The same recipe is not trained twice unless `--again` asks for it; standard error says so."""
    first = call("train", "--epochs", "1", "--json").json["run_id"]
    second = call("train", "--epochs", "1", "--json")
    assert second.json["run_id"] == first
    assert "not trained again" in second.err
    assert call("train", "--dry-run", "--epochs", "1", "--json").json["equal_run"] == first
    assert call("train", "--epochs", "1", "--again", "--json").json["run_id"] != first


def test_a_waiting_equal_run_is_trained_and_given(call: Call) -> None:
    """A run that waits because no lab is open is trained by the command that asks for the same."""
    waiting = start_elsewhere(epochs=1)
    outcome = call("train", "--epochs", "1", "--json")
    assert (outcome.code, outcome.json["run_id"], outcome.json["state"]) == (0, waiting.id, "done")


def test_beside_a_lab_that_owns_the_queue_it_only_watches(call: Call) -> None:
    """While another process owns the queue, the command submits its run and reports what the other trained."""
    app = Lab(run_queue=True)
    try:
        while not app.owns_queue:
            time.sleep(0.01)
        outcome = call("train", "--epochs", "1", "--json")
        assert (outcome.code, outcome.json["state"]) == (0, "done")
        assert app.owns_queue
    finally:
        app.close()


def test_a_failed_run_is_exit_code_1_with_its_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that fails keeps its message in the JSON, and the command ends with 1."""
    monkeypatch.setattr(FakeEngine, "_play", _fail)
    outcome = call("train", "--json")
    assert outcome.code == 1
    record = outcome.json
    assert (record["state"], record["message"], record["test_accuracy"]) == ("failed", "The weights are missing.", None)
    assert "The weights are missing." in outcome.err


def leave(run: Run, *, epochs: int) -> None:
    """Puts what a run is trained on from into its folder: scripted runs have none."""
    folder = Lab(run_queue=False).home.run(run.id) / f"attempt-{run.attempt}"
    leave_checkpoint(folder, epochs=epochs)


def test_resume_trains_a_run_for_more_epochs(call: Call) -> None:
    """`resume RUN --epochs N` trains the same run on and gives what `train` gives; without a number it says what is missing."""
    first = call("train", "--epochs", "2", "--name", "Mine", "--json").json
    refused = call("resume", "Mine")
    assert (refused.code, "only its model was kept" in refused.err) == (2, True)
    leave(all_runs()[0], epochs=2)
    refused = call("resume", "Mine")
    assert (refused.code, "Say how many more epochs" in refused.err) == (2, True)
    outcome = call("resume", "Mine", "--epochs", "3", "--json")
    assert outcome.code == 0
    record = outcome.json
    assert set(record) == RUN_KEYS
    assert (record["run_id"], record["state"], record["epochs_run"]) == (first["run_id"], "done", 5)
    assert record["recipe"]["epochs"] == 5
    assert "Mine: epoch 5 of 5" in outcome.err
    assert len(all_runs()) == 1


def test_resume_goes_on_with_an_interrupted_run(call: Call) -> None:
    """One that died too often goes on without a number, from its start if there is no whole epoch; one that waits does not."""
    run = start_elsewhere(epochs=2)
    assert call("resume", run.id).code == 2
    store = Store(Home(Path(os.environ["FLOWERLAB_HOME"])).store)
    attempt = store.begin_attempt(run.id)
    store.append(End(run_id=run.id, attempt=attempt, state="interrupted", message="It died."))
    store.close()
    outcome = call("resume", run.id[:6])
    assert (outcome.code, "done" in outcome.out) == (0, True)
    assert all_runs()[0].attempt == 2


def test_the_price_is_told_by_a_dry_run(call: Call) -> None:
    """`train --dry-run --json` gives seconds, bytes and whether features are at hand; in words it says the same."""
    record = call("train", "--dry-run", "--json", "--architecture", "vgg16_mini").json
    assert record["way"] == "head"
    assert record["features_at_hand"] is False
    assert record["cache_bytes"] > 10_000
    assert record["trainable_parameters"] == 257_175
    assert 0 < record["seconds_epoch"] < record["seconds_total"]
    assert 0 < record["seconds_features"] < record["seconds_total"]
    told = call("train", "--dry-run", "--architecture", "vgg16_mini").out
    assert re.search(r"Time: about .+: .*frozen features .+ \(.+ MB are kept\), an epoch .+\.", told)
