"""The command line: flags, JSON, exit codes, Ctrl-C. Runs are scripted here (FLOWERLAB_ENGINE=fake)."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from flowerlab.cli import main, running
from flowerlab.cli.knobs import flag_of
from flowerlab.datasets.import_folder import import_folder
from flowerlab.engine.fake import FakeEngine
from flowerlab.evaluation.calibration import best_temperature, tempered_one
from flowerlab.home import Home
from flowerlab.inference.predictor import Predictor
from flowerlab.lab import Lab
from flowerlab.locale.numbers import confidence
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Attempt, End
from flowerlab.runs.run import Run
from flowerlab.store import Store
from flowerlab.store.copying import asides
from tests.support.checkpoints import leave_checkpoint
from tests.support.command_line import Outcome
from tests.support.loopback import hdf5, served_weights
from tests.support.runs import add_finished

ROOT = Path(__file__).parents[2]
RUN_KEYS = {
    "run_id",
    "name",
    "state",
    "message",
    "recipe",
    "test_accuracy",
    "test_interval",
    "val_accuracy",
    "best_epoch",
    "epochs_run",
    "confusion_matrix",
    "classes",
    "total_parameters",
    "trainable_parameters",
    "seconds",
    "model_path",
    "seen_before",
}


Call = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _scripted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Scripted runs without long pauses, and nothing at hand."""
    monkeypatch.setenv("FLOWERLAB_ENGINE", "fake")
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", "60")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.005)
    monkeypatch.setattr("flowerlab.cli.watch.LOOK_S", 0.02)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.02)


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Iterator[Call]:
    """Runs a command in this process, which heeds Ctrl-C as one in a terminal does."""

    def run(*arguments: str | Path) -> Outcome:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Outcome(code, out, err)

    # Tests that a shell started in the background were born deaf to it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield run
    signal.signal(signal.SIGINT, before)


def all_runs() -> list[Run]:
    """Every run of the test's home, newest first."""
    lab = Lab(run_queue=False)
    try:
        return lab.store.all()
    finally:
        lab.close()


def start_elsewhere(**knobs: Any) -> Run:
    """Queues a run as another process would."""
    lab = Lab(run_queue=False)
    try:
        return lab.queue.start(Recipe.parse(knobs)).run
    finally:
        lab.close()


# train


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


def _fail(self: FakeEngine, job: Any) -> End:
    self._sink(Attempt(run_id=job.run_id, attempt=job.attempt, pid=0, warm=False))
    return End(run_id=job.run_id, attempt=job.attempt, state="failed", message="The weights are missing.")


# resume


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


# Bad input


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--epochs", "0"),
        ("train", "--epoch", "3"),
        ("train", "--epochs"),
        ("train", "surplus"),
        ("grow",),
        (),
        ("train", "--name", ""),
        ("train", "--unfreeze-from", "block9"),
        ("train", "--dataset", "folder:nobody"),
        ("train", "--start-from", "0" * 12),
        ("train", "--weights", "there/is/no.h5"),
        ("train", "--dataset", "no/folder"),
        ("train", "--dry-run", "--dataset", "folder:nobody"),
        ("train", "--dry-run", "--start-from", "0" * 12),
        ("lecture", "--architecture", "handmade"),
        ("lecture", "--unfreeze-from", "none"),
        ("lecture", "--seed", "-1"),
        ("resume",),
        ("resume", "0" * 12),
        ("resume", "nobody", "--epochs", "x"),
        ("classify",),
        ("classify", "0" * 12, "x.jpg"),
        ("runs", "--state", "lazy"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(call: Call, arguments: tuple[str, ...]) -> None:
    """Bad input ends with 2 and one line on standard error, with --json also as `error`; nothing is changed."""
    plain = call(*arguments)
    assert (plain.code, plain.out) == (2, "")
    assert len(plain.err.splitlines()) == 1
    outcome = call(*arguments, "--json") if arguments and arguments[0] != "grow" else None
    # A flag without its value takes --json for it: then that is what is wrong.
    if outcome is not None:
        assert outcome.code == 2
        assert set(outcome.json) == {"error"}
        assert outcome.json["error"] == outcome.err.strip()
    assert all_runs() == []


# Without what leads out of the empty folder in which it is called: `/` and `~` are folders with everybody's photos.
anything = st.text(st.characters(exclude_characters="/\\~"), max_size=30)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(KNOBS)), text=anything)
def test_any_text_for_a_knob_parses_or_is_refused(
    name: str, text: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands behind a knob's flag, the recipe takes it or the command ends with 2, one line, and no run."""
    (tmp_path / "empty").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "empty")
    outcome = call("train", "--dry-run", "--json", f"{flag_of(name)}={text}")
    assert outcome.code in (0, 2)
    assert set(outcome.json) == {"error"} if outcome.code == 2 else outcome.json["recipe"]
    assert len(outcome.err.splitlines()) == (1 if outcome.code == 2 else 0)
    assert all_runs() == []


def test_bad_settings_are_exit_code_2(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be is bad input like any other."""
    monkeypatch.setenv("FLOWERLAB_THREADS", "all")
    outcome = call("runs", "--json")
    assert outcome.code == 2
    assert "FLOWERLAB_THREADS" in outcome.json["error"]


def test_an_unusable_home_is_exit_code_1(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home that cannot be written is a sentence and a failure, not a stack trace."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLOWERLAB_HOME", str(tmp_path / "file" / "home"))
    outcome = call("runs", "--json")
    assert outcome.code == 1
    assert "FLOWERLAB_HOME" in outcome.json["error"]
    assert len(outcome.err.splitlines()) == 1


# Own photos and weights


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with two classes of ten photos each."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "pictures" / "leaves"
    for label in ("elm", "oak"):
        (folder / label).mkdir(parents=True)
        for number in range(10):
            pixels = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.jpg")
    return folder


def test_a_folder_is_imported_and_trained_on(call: Call, photos: Path) -> None:
    """`--dataset PATH` brings the photos into the lab, and the run names them; the same path again is the same run."""
    outcome = call("train", "--dataset", photos, "--epochs", "1", "--json")
    assert outcome.code == 0, outcome.err
    dataset = outcome.json["recipe"]["dataset"]
    assert dataset.startswith("folder:leaves-")
    again = call("train", "--dataset", photos, "--epochs", "1", "--json")
    assert again.json["run_id"] == outcome.json["run_id"]
    lab = Lab(run_queue=False)
    try:
        assert lab.data.classes_of(dataset) == ("elm", "oak")
    finally:
        lab.close()


def test_changed_photos_are_another_data_set(call: Call, photos: Path) -> None:
    """When a photo was added since, the path is imported anew under another name and trained on anew."""
    first = call("train", "--dataset", photos, "--epochs", "1", "--json").json
    (photos / "elm" / "new.jpg").write_bytes((photos / "oak" / "1.jpg").read_bytes())
    second = call("train", "--dataset", photos, "--epochs", "1", "--json").json
    assert second["recipe"]["dataset"] != first["recipe"]["dataset"]
    assert second["run_id"] != first["run_id"]


def test_a_zip_is_imported_whatever_its_name(call: Call, photos: Path) -> None:
    """A .zip works as a folder does, even if its name holds what a data set's name may not."""
    archive = photos.parent / "_my (best) leaves!.zip"
    shutil.make_archive(str(archive.with_suffix("")), "zip", photos)
    outcome = call("train", "--dataset", archive, "--epochs", "1", "--json")
    assert outcome.code == 0, outcome.err
    assert re.fullmatch(r"folder:my -best- leaves-[0-9a-f]{8}", outcome.json["recipe"]["dataset"])


def as_it_lies(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of writing of all that lies under a folder."""
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize(
    "command", [("train",), ("sweep", "--knob", "seed=1,2"), ("experiment", "leak")], ids=lambda words: words[0]
)
def test_a_dry_run_writes_nothing(
    call: Call, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], kind: str
) -> None:
    """The home's files are the same before and after: names, sizes, times. Nothing is copied elsewhere meanwhile."""
    weights = tmp_path / "own.h5"
    weights.write_bytes(hdf5(4096))
    given = photos if kind == "folder" else Path(shutil.make_archive(str(tmp_path / "leaves"), "zip", photos))
    # The speed of this machine is measured once and kept.
    assert call("train", "--dry-run").code == 0
    before = as_it_lies(tmp_path / "home")
    monkeypatch.setattr(shutil, "copyfile", None)
    monkeypatch.setattr(tempfile, "mkdtemp", None)
    flags = ("--dataset", given, "--architecture", "mobilenet_v2", "--weights", weights, "--dry-run", "--json")
    outcome = call(*command, *flags)
    assert outcome.code == 0, outcome.err
    assert as_it_lies(tmp_path / "home") == before


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_dry_run_says_what_the_import_will_bring(call: Call, photos: Path, tmp_path: Path, kind: str) -> None:
    """Classes, parameters, seconds and bytes of photos that were only looked at are those of the same photos once they are imported."""
    (photos / "elm" / "no photo.jpg").write_bytes(b"text")
    given = photos if kind == "folder" else Path(shutil.make_archive(str(tmp_path / "leaves"), "zip", photos))
    told = call("train", "--dry-run", "--dataset", given, "--json")
    assert told.code == 0, told.err
    assert told.json["classes"] == ["elm", "oak"]
    name = told.json["recipe"]["dataset"].removeprefix("folder:")
    import_folder(given, tmp_path / "home" / "folders", name)
    assert call("train", "--dry-run", "--dataset", given, "--json").json == told.json
    assert call("train", "--dry-run", "--dataset", f"folder:{name}", "--json").json == told.json


def test_a_bad_knob_imports_nothing(call: Call, photos: Path, tmp_path: Path) -> None:
    """Other knobs are checked before anything is imported."""
    for command in ("train", "lecture"):
        assert call(command, "--dataset", photos, "--epochs", "0").code == 2
    assert call("train", "--dataset", photos, "--name", "x" * 81).code == 2
    assert list((tmp_path / "home" / "folders").iterdir() if (tmp_path / "home").exists() else []) == []


def test_a_weights_file_is_imported(call: Call, tmp_path: Path) -> None:
    """`--weights PATH` copies the file into the lab, and the recipe names the copy."""
    file = tmp_path / "own.h5"
    file.write_bytes(hdf5(4096))
    flags = ("--architecture", "mobilenet_v2", "--epochs", "1", "--weights", file, "--json")
    assert call("train", "--dry-run", *flags).code == 0
    assert list((tmp_path / "home" / "weights").iterdir()) == []
    weights = call("train", *flags).json["recipe"]["weights"]
    assert weights.startswith("file:own-")
    assert (tmp_path / "home" / "weights" / weights.removeprefix("file:")).read_bytes() == hdf5(4096)


def test_what_cannot_start_imports_nothing(call: Call, photos: Path, tmp_path: Path) -> None:
    """A missing weights file, or a run to start from that is not there, is found before any photo is imported, dry or not."""
    folders = tmp_path / "home" / "folders"
    known = ("--architecture", "mobilenet_v2", "--dataset", photos)
    for dry in ((), ("--dry-run",)):
        missing = call("train", *known, "--weights", "file:gone.h5", *dry)
        assert (missing.code, "not in this lab" in missing.err) == (2, True)
        nobody = call("train", *known, "--weights", "none", "--start-from", "0123456789ab", *dry)
        assert (nobody.code, "not there" in nobody.err) == (2, True)
        assert list(folders.iterdir()) == []
    assert call("lecture", *known, "--weights", "file:gone.h5").code == 2
    assert list(folders.iterdir()) == []


# lecture


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


# Ctrl-C


def watch_newest(reached: Callable[[Run, Lab], bool], then: Callable[[], None] = lambda: None) -> threading.Thread:
    """Looks at the newest run from another thread, and does something as soon as it has come so far."""

    def wait() -> None:
        lab = Lab(run_queue=False)
        try:
            due_s = time.monotonic() + 30
            while time.monotonic() < due_s and not any(reached(run, lab) for run in lab.store.all()[:1]):
                time.sleep(0.02)
        finally:
            lab.close()
        then()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def press_when(reached: Callable[[Run, Lab], bool], *, times: int = 1) -> threading.Thread:
    """Sends this process Ctrl-C as soon as the newest run has come so far."""

    def press() -> None:
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)

    return watch_newest(reached, press)


def test_ctrl_c_stops_the_run_and_reports_it(call: Call) -> None:
    """One Ctrl-C ends training after the epochs so far, tests what is kept, and gives the stopped run with code 1."""
    thread = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1)
    outcome = call("train", "--epochs", "500", "--json")
    thread.join()
    assert outcome.code == 1
    record = outcome.json
    assert record["state"] == "stopped"
    assert 1 <= record["epochs_run"] < 500
    assert record["test_accuracy"] is not None
    assert "Stopping" in outcome.err


def test_a_second_ctrl_c_skips_the_test(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pressed again while the run is tested, Ctrl-C skips the test; the run keeps its model but no test accuracy."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.15)
    first = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1)
    second = press_when(lambda run, lab: lab.store.history(run.id).evaluating is not None)
    outcome = call("train", "--epochs", "500", "--json")
    first.join()
    second.join()
    assert outcome.code == 1
    assert (outcome.json["state"], outcome.json["test_accuracy"]) == ("stopped", None)
    assert outcome.json["val_accuracy"] is not None


def test_a_third_ctrl_c_leaves_at_once(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that does not obey is left to the next lab, to be saved there; the command ends with 1 and one JSON object."""
    monkeypatch.setattr(FakeEngine, "stop", lambda self, run_id: None)
    thread = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1, times=3)
    outcome = call("train", "--epochs", "500", "--json")
    thread.join()
    assert (outcome.code, outcome.json) == (1, {"error": "Interrupted."})
    assert all_runs()[0].state == "stopping"


def test_what_it_trains_for_others_is_finished(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that somebody queued meanwhile, and that this process then trains, is not cut off at its end."""
    queued: list[Run] = []
    watched = running.watch

    def watch_until_the_next_has_begun(lab: Lab, runs: list[Run], *, ours: list[str]) -> list[Run]:
        # The queue goes on a moment after a run's end; a command that is gone by then leaves the next run to others.
        found = watched(lab, runs, ours=ours)
        due_s = time.monotonic() + 20
        while not lab.store.live() and time.monotonic() < due_s:
            time.sleep(0.01)
        return found

    monkeypatch.setattr(running, "watch", watch_until_the_next_has_begun)

    def queue_another(run: Run, lab: Lab) -> bool:
        if not queued and lab.store.history(run.id).epochs:
            queued.append(lab.queue.start(Recipe.parse({"epochs": 20})).run)
        return bool(queued)

    thread = watch_newest(queue_another)
    mine = call("train", "--epochs", "5", "--json")
    thread.join()
    assert (mine.code, mine.json["epochs_run"]) == (0, 5)
    assert "waiting for it" in mine.err
    assert {run.id: run.state for run in all_runs()}[queued[0].id] == "done"


def test_ctrl_c_leaves_a_run_that_somebody_else_started(call: Call) -> None:
    """A run of another process goes on when the command that watches it is left."""
    app = Lab(run_queue=True)
    try:
        run = app.queue.start(Recipe.parse({"epochs": 500})).run
        thread = press_when(lambda run, lab: len(lab.store.history(run.id).epochs) >= 1)
        outcome = call("train", "--epochs", "500", "--json")
        thread.join()
        assert (outcome.code, outcome.json["run_id"]) == (1, run.id)
        assert app.store.get(run.id).state == "training"
        assert app.store.get(run.id).stop_requests == 0
    finally:
        app.close()


def test_ctrl_c_reaches_the_command_in_a_shell(tmp_path: Path) -> None:
    """`python -m flowerlab train` as a process of its own: Ctrl-C gives one JSON object, code 1, and no stack trace."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flowerlab", "train", "--epochs", "500", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    try:
        said = ""
        while "epoch 1 of 500" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert json.loads(out)["state"] == "stopped"
    assert "Traceback" not in said + err


# classify


@pytest.fixture
def trained(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Id of a run with a model; the predictor's answer is brightness, so that photos can be told apart."""
    run_id: str = call("train", "--epochs", "1", "--name", "Mine", "--json").json["run_id"]
    (tmp_path / "home" / "runs" / run_id / "model.keras").write_bytes(b"")

    def predict(predictor: Predictor, home: Home, run: Run, photos: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        bright = np.array([photo.mean() / 255 for photo in photos], dtype=np.float32)
        rest = np.zeros((len(photos), 3), dtype=np.float32)
        return np.column_stack([bright, 1 - bright, rest])

    monkeypatch.setattr("flowerlab.cli.commands.classify.predict", predict)
    return run_id


def photo_file(path: Path, brightness: int) -> Path:
    """Writes a grey photo."""
    Image.new("RGB", (30, 20), (brightness,) * 3).save(path)
    return path


def test_classify_answers_each_file_in_order(call: Call, trained: str, tmp_path: Path) -> None:
    """One entry per file in the order given; what is no photo gets a sentence and does not spoil the rest."""
    (tmp_path / "text.jpg").write_text("no photo")
    files = [
        photo_file(tmp_path / "bright.png", 250),
        tmp_path / "text.jpg",
        tmp_path / "missing.jpg",
        tmp_path,
        *(photo_file(tmp_path / f"dark{number}.png", 5) for number in range(9)),
    ]
    outcome = call("classify", trained, *files, "--json")
    assert outcome.code == 0
    entries = outcome.json["photos"]
    assert [entry["file"] for entry in entries] == [str(file) for file in files]
    assert [entry.get("label") for entry in entries] == ["dandelion", None, None, None, *["daisy"] * 9]
    for entry in entries:
        if "label" in entry:
            assert sum(entry["probabilities"].values()) == pytest.approx(1)
            assert max(entry["probabilities"], key=entry["probabilities"].__getitem__) == entry["label"]
        else:
            assert set(entry) == {"file", "error"}
            assert "\n" not in entry["error"]
    assert "This is a folder" in entries[3]["error"]


def test_classify_says_what_is_probably_none_of_the_classes(
    call: Call, trained: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`unknown` is true where the run is too unsure, false where it is sure, and null for a run that never measured it."""
    sure, unsure = photo_file(tmp_path / "sure.png", 250), photo_file(tmp_path / "unsure.png", 130)
    never = call("classify", trained, sure, unsure, "--json")
    assert [entry["unknown"] for entry in never.json["photos"]] == [None, None]
    plain = Store.get
    monkeypatch.setattr(Store, "get", lambda store, run_id: _measured(plain(store, run_id)))
    monkeypatch.setattr(Store, "all", lambda store: [store.get(trained)])
    outcome = call("classify", trained, sure, unsure, "--json")
    assert [entry["unknown"] for entry in outcome.json["photos"]] == [False, True]
    assert [entry["label"] for entry in outcome.json["photos"]] == ["dandelion", "dandelion"]
    told = call("classify", trained, sure, unsure).out.splitlines()
    assert "probably not one of these five" not in told[0]
    assert "unsure.png: probably not one of these five (nearest: dandelion" in told[1]


def test_classify_tells_how_sure_an_answer_may_be(call: Call, trained: str, tmp_path: Path, home: Home) -> None:
    """With kept answers to validation photos the answer has its calibrated probability; without them none is told."""
    photo = photo_file(tmp_path / "a.png", 250)
    tested = add_finished(home, "tested")
    stored = np.load(home.run(tested.id) / "predictions.npz")
    temperature = best_temperature(stored["val_probabilities"][1], stored["val_truth"])
    told = call("classify", tested.id, photo, "--json").json["photos"][0]
    assert told["calibrated"] == max(tempered_one(list(told["probabilities"].values()), temperature))
    assert f"calibrated {confidence(told['calibrated'])} (daisy" in call("classify", tested.id, photo).out
    assert "calibrated" not in call("classify", trained, photo, "--json").json["photos"][0]


def _measured(run: Run) -> Run:
    assert run.result is not None
    return replace(run, result=run.result.model_copy(update={"unknown_below": 0.8}))


def test_classify_without_a_readable_photo_is_exit_code_2(call: Call, trained: str, tmp_path: Path) -> None:
    """If no file is a photo, the code is 2; the JSON still has each file's sentence."""
    outcome = call("classify", trained, tmp_path / "a.jpg", tmp_path, "--json")
    assert outcome.code == 2
    assert len(outcome.json["photos"]) == 2
    assert outcome.json["error"] == outcome.err.strip()


def test_classify_takes_an_id_its_beginning_or_a_name(call: Call, trained: str, tmp_path: Path) -> None:
    """A run may be given by id, by four or more digits of it, or by its exact name; not by less."""
    photo = photo_file(tmp_path / "a.png", 250)
    for text in (trained, trained[:4], "Mine"):
        assert call("classify", text, photo, "--json").json["run_id"] == trained
    for text in (trained[:3], "Min", "", "%"):
        assert call("classify", text, photo).code == 2
    assert "dandelion 98 % (daisy 2 %" in call("classify", "Mine", photo).out


def test_an_ambiguous_run_is_refused(call: Call, trained: str, tmp_path: Path) -> None:
    """Two runs of one name: the sentence offers their ids."""
    other = call("train", "--epochs", "1", "--name", "Mine", "--again", "--json").json["run_id"]
    outcome = call("classify", "Mine", photo_file(tmp_path / "a.png", 250))
    assert outcome.code == 2
    assert trained in outcome.err
    assert other in outcome.err


def test_a_run_without_a_model_cannot_classify(call: Call, tmp_path: Path) -> None:
    """A run whose model is not there is a failure, told in a sentence before any photo is read."""
    run_id = call("train", "--epochs", "1", "--json").json["run_id"]
    outcome = call("classify", run_id, tmp_path / "missing.jpg", "--json")
    assert outcome.code == 1
    assert "no model" in outcome.json["error"]


# runs and doctor


def test_runs_are_listed_newest_first(call: Call) -> None:
    """`runs` has every run, newest first, as lines with tabs or as JSON; `--state` chooses."""
    assert call("runs", "--json").json == {"runs": []}
    waiting = start_elsewhere(epochs=3).id
    done = call("train", "--epochs", "1", "--json").json
    start_elsewhere(epochs=4)
    listed = call("runs", "--json").json["runs"]
    # The command that trained owned the queue, so what waited before it is done as well.
    assert [run["recipe"]["epochs"] for run in listed] == [4, 1, 3]
    assert listed[1] == done
    assert [run["run_id"] for run in call("runs", "--state", "done", "--json").json["runs"]] == [
        done["run_id"],
        waiting,
    ]
    lines = call("runs").out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["id", *(run["run_id"] for run in listed)]
    assert "83.3 % (66.4–92.7)" in lines[2]


def test_listing_runs_trains_nothing(call: Call) -> None:
    """Looking at the runs does not begin those that wait."""
    start_elsewhere(epochs=1)
    assert call("runs", "--json").json["runs"][0]["state"] == "queued"
    assert all_runs()[0].attempt == 0


# Fetching


def test_fetch_brings_weights_and_says_so(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file comes into Keras' cache, the step is said once, and what is there is not fetched again."""
    with served_weights(monkeypatch, "mobilenet_v2") as manners:
        outcome = call("fetch", "mobilenet_v2")
        assert (outcome.code, outcome.out) == (0, "MobileNetV2: fetched.\n")
        assert outcome.err.count("Downloading MobileNetV2 weights (MB)") == 1
        assert call("fetch", "mobilenet_v2", "--json").json["fetched"][0]["fetched"] is False
        assert len(manners.asked) == 1
    assert list((tmp_path / "keras" / "models").glob("*.h5"))


def test_fetch_that_fails_is_one_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that refuses ends the command with 1 and its sentence."""
    with served_weights(monkeypatch, "vgg16") as manners:
        manners.status = 503
        outcome = call("fetch", "vgg16")
    assert outcome.code == 1
    assert "could not be downloaded because the server answered 503" in outcome.err.splitlines()[-1]


def test_fetch_knows_what_there_is(call: Call) -> None:
    """An unknown name is exit code 2, and the sentence lists the names."""
    outcome = call("fetch", "mobilenet_v2", "garden")
    assert outcome.code == 2
    assert "tf_flowers, vgg16, mobilenet_v2," in outcome.err
    assert "'garden'" in outcome.err


def test_ctrl_c_leaves_the_part_for_the_next_call(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An interrupted download goes on from where it was."""
    # So large that it would take a minute: however late the key is pressed, it comes in the middle.
    with served_weights(monkeypatch, "vgg16", size_bytes=6_000_000) as manners:
        manners.pause_s, manners.piece = 0.1, 10_000

        def press() -> None:
            while _largest_part(tmp_path) < 20_000:
                time.sleep(0.01)
            signal.raise_signal(signal.SIGINT)

        thread = threading.Thread(target=press)
        thread.start()
        outcome = call("fetch", "vgg16")
        thread.join()
        assert outcome.code == 1
        assert "the next call goes on from there" in outcome.err
        manners.pause_s = 0.0
        assert call("fetch", "vgg16").code == 0
        assert manners.asked[0] == ""
        assert int(manners.asked[1].removeprefix("bytes=").removesuffix("-")) >= 20_000


def _largest_part(folder: Path) -> int:
    return max((path.stat().st_size for path in (folder / "keras").rglob(".*.part")), default=0)


def test_the_doctor_says_whether_the_lab_can_run(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """`doctor` ends with 0 on a machine that only lacks downloads, and with 1 where there is a problem."""
    healthy = call("doctor", "--json")
    assert (healthy.code, healthy.json["can_run"]) == (0, True)
    assert {"python", "packages", "home", "garden", "tf_flowers"} <= {check["subject"] for check in healthy.json["checks"]}
    assert "The lab can run." in call("doctor").out
    monkeypatch.setenv("FLOWERLAB_THREADS", "all")
    sick = call("doctor", "--json")
    assert (sick.code, sick.json["can_run"]) == (1, False)


@pytest.mark.parametrize("arguments", [["runs"], ["--help"], ["doctor"]])
def test_quick_commands_load_nothing_heavy(arguments: list[str]) -> None:
    """`runs`, `doctor` and `--help` load no TensorFlow, scikit-learn, Plotly, pandas or Streamlit."""
    code = (
        "import contextlib, io, json, sys\n"
        "from flowerlab.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    code = main({arguments!r})\n"
        "print(json.dumps([code, sorted({name.split('.')[0] for name in sys.modules})]))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    returned, modules = json.loads(said)
    assert returned == 0
    assert not set(modules) & {"tensorflow", "keras", "tensorflow_datasets", "streamlit", "sklearn", "plotly", "pandas"}


def test_a_missing_package_is_a_sentence() -> None:
    """Where a package is missing, `python -m flowerlab` says how to install it."""
    code = "import sys; sys.modules['typer'] = None; import runpy; runpy.run_module('flowerlab', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_damaged_list_of_runs_is_one_sentence(call: Call, tmp_path: Path) -> None:
    """A file of runs that SQLite cannot read is put aside and kept, and a command says so once; `--json` stays JSON."""
    store = Home(tmp_path / "home").create().store
    store.write_bytes(b"no database" * 1000)
    outcome = call("runs", "--json")
    assert (outcome.code, outcome.json) == (0, {"runs": []})
    assert len(outcome.err.splitlines()) == 1
    (aside,) = asides(store)
    assert f"It was put aside as {aside}; no run has a folder" in outcome.err
    assert aside.read_bytes() == b"no database" * 1000
    assert "put aside" not in call("runs").err


# Sweeps


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
