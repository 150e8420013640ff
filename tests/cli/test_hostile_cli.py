"""The command line with hostile files, ids and names: one line, the right exit code, and nothing changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from flowerlab.cli import main
from flowerlab.home import Home
from flowerlab.photos.reading import MAX_BYTES
from flowerlab.store import Store
from tests.support.hostile.archives import REFUSED as ZIPS
from tests.support.hostile.judging import check_sentence, state_of
from tests.support.hostile.models import CASES as MODELS
from tests.support.hostile.photos import REFUSED, TAKEN
from tests.support.hostile.recipes import BAD_IDS
from tests.support.packs import bring_run


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A lab in which nothing trains and nothing is at hand."""
    for name, value in {"ENGINE": "fake", "GARDEN_PICTURES": "60", "WARM_SPARE": "false"}.items():
        monkeypatch.setenv(f"FLOWERLAB_{name}", value)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))


@pytest.fixture
def run_id(home: Home) -> str:
    """A run with a model."""
    store = Store(home.store)
    run = bring_run(home, store, "There")
    store.close()
    return run.id


def one_error(capfd: pytest.CaptureFixture[str], *words: str | Path, code: int = 2) -> str:
    """Runs a command that must fail; returns its one line on standard error."""
    assert main([str(word) for word in words]) == code
    said = capfd.readouterr().err.strip()
    check_sentence(said)
    return said


def test_classify_answers_each_hostile_file_with_a_sentence(
    run_id: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Photos of every kind are classified; the rest, with a pipe, a device, a huge file and no file, have a sentence each."""
    monkeypatch.setattr(
        "flowerlab.cli.commands.classify.predict", lambda *about: np.full((len(about[-1]), 5), 0.2, dtype=np.float32)
    )
    folder = tmp_path / "photos"
    folder.mkdir()
    files: list[Path | str] = []
    for number, case in enumerate([*TAKEN.values(), *REFUSED.values()]):
        files.append(folder / f"{number}.jpg")
        Path(files[-1]).write_bytes(case.make())
    with (folder / "huge.jpg").open("wb") as file:
        file.truncate(10**12)
    os.mkfifo(folder / "pipe.jpg")
    (folder / "two\nlines.jpg").write_bytes(b"no photo")
    odd = [folder / "huge.jpg", folder / "pipe.jpg", folder / "two\nlines.jpg", "/dev/zero", "x" * 300, "\udcff.jpg", folder, ""]
    before = state_of(tmp_path / "home")
    assert main(["classify", run_id, "--json", "--", *map(str, (*files, *odd))]) == 0
    told = json.loads(capfd.readouterr().out)["photos"]
    assert [("label" in entry) for entry in told] == [True] * len(TAKEN) + [False] * (len(REFUSED) + len(odd))
    for entry in told[len(TAKEN) :]:
        check_sentence(entry["error"])
    assert f"at most {MAX_BYTES / 1e6:g} MB" in told[len(files)]["error"]
    assert state_of(tmp_path / "home") == before


@pytest.mark.parametrize("command", ["classify", "compare", "pack"])
def test_what_is_no_id_is_refused_by_every_command(
    run_id: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    """Commands that take a run refuse what names none, in a line, and make no file."""
    before = state_of(tmp_path)
    for bad in BAD_IDS:
        if "\0" in bad:
            # No command line can hold it.
            continue
        words = {
            "classify": ["classify", "--", bad, "photo.jpg"],
            "compare": ["compare", "--", run_id, bad],
            "pack": ["pack", str(tmp_path / "lesson.zip"), f"--runs={bad or ' '}"],
        }[command]
        one_error(capfd, *words)
    assert state_of(tmp_path) == before


@pytest.mark.parametrize("name", ZIPS)
def test_a_hostile_zip_trains_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    """`train --dataset FILE.zip` refuses it in a line, before anything is queued."""
    source = tmp_path / "plants.zip"
    ZIPS[name].write(source)
    Home(tmp_path / "home").create()
    before = state_of(tmp_path)
    said = one_error(capfd, "train", "--epochs", "1", "--dataset", source)
    assert ZIPS[name].words in said
    assert state_of(tmp_path) == before
    assert Store(tmp_path / "home" / "flowerlab.sqlite3").all() == []


@pytest.mark.parametrize("name", [name for name, case in MODELS.items() if case.words and case.suffix != ".npz"])
def test_a_hostile_weights_file_trains_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    """`train --weights FILE` refuses a pickle, a Lambda and the like in a line, before anything is queued or copied."""
    source = tmp_path / f"own{MODELS[name].suffix}"
    source.write_bytes(MODELS[name].make())
    Home(tmp_path / "home").create()
    before = state_of(tmp_path)
    said = one_error(capfd, "train", "--epochs", "1", "--architecture", "vgg16", "--weights", source)
    assert str(MODELS[name].words) in said
    assert state_of(tmp_path) == before
    assert Store(tmp_path / "home" / "flowerlab.sqlite3").all() == []


@pytest.mark.parametrize(
    "words",
    [
        ("train", "--weights", "x" * 300 + ".h5", "--architecture", "vgg16"),
        ("train", "--dataset", "x" * 300 + "/y"),
        ("train", "--dataset", "/dev/zero"),
        ("train", "--dataset", "two\nlines/"),
        ("unpack", "x" * 300),
        ("unpack", "/dev/zero"),
        ("unpack", "two\nlines"),
        ("runs", "--state", "two\nlines"),
        ("runs", "--state", "x" * 10_000),
        ("train", "--name", "x" * 10_000),
        ("train", "--name", "\x1b[31m"),
        ("train", "--epochs", "9" * 5_000),
        ("sweep", "--knob", "x" * 10_000),
        ("sweep", "--knob", "two\nlines=1"),
        ("fetch", "x" * 10_000),
        ("fetch", "two\nlines"),
        ("pack", "x" * 300 + ".zip"),
        ("pack", "lesson.zip", "--dataset", "folder:../.."),
        ("pack", "lesson.zip", "--architecture", "x" * 10_000),
    ],
)
def test_hostile_words_are_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Endless texts, line breaks, paths that no disk can hold and devices are bad input like any other."""
    monkeypatch.chdir(tmp_path)
    Home(tmp_path / "home").create()
    before = state_of(tmp_path)
    one_error(capfd, *words)
    assert state_of(tmp_path) == before
