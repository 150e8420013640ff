"""`classify`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from flowerlab.evaluation.calibration import best_temperature, tempered_one
from flowerlab.home import Home
from flowerlab.inference.predictor import Predictor
from flowerlab.locale.numbers import confidence
from flowerlab.runs.run import Run
from flowerlab.store import Store
from tests.support.command_line import Call
from tests.support.runs import add_finished


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
