"""A trainer on a full disk: its run ends with a sentence, and what was there before is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import left_behind
from flowerlab.trainer import train_loop
from flowerlab.trainer.channel import Channel, Lines
from tests.support.attempts import begun_attempt
from tests.support.full_disk import full

SMALL = Recipe(image_size=72, epochs=1, head=(4,), batch_size=32)
# In the order in which an attempt comes to them.
PLACES = {
    "the photos": "flowerlab.trainer.preparation.prepare",
    "a checkpoint": "flowerlab.runs.checkpoints._save",
    "the model": "keras.Model.save",
    "the predictions": "numpy.savez_compressed",
}


def served(home: Home, number: int) -> dict[str, Any]:
    """Serves an attempt and returns its last word."""
    channel, said = begun_attempt(home, SMALL)
    train_loop._serve(Channel(channel.job.model_copy(update={"attempt": number}), Lines(said)), home, warm=False)
    last: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
    assert last["kind"] == "end"
    return last


def test_a_run_ends_with_a_sentence_and_can_go_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever finds no room, the end says that the disk is full; no file is half there; the next attempt goes on."""
    folder = home.run("run")
    for number, place in enumerate(PLACES, 1):
        with monkeypatch.context() as patched:
            patched.setattr(PLACES[place], full)
            end = served(home, number)
        assert end["state"] == "failed", place
        assert end["message"].startswith("The disk is full, so this run could not write what it made"), place
        assert not {"model.keras", "predictions.npz", "recipe.json"} & {path.name for path in folder.iterdir()}, place
        # What had reached the disk before is there, and only that.
        state = left_behind(folder)
        assert (state.epochs_run if state else 0) == (1 if place in ("the model", "the predictions") else 0)
    assert served(home, 5)["state"] == "done"
    assert keras.models.load_model(folder / "model.keras", safe_mode=True) is not None
    assert len(np.load(folder / "predictions.npz")["test_probabilities"])


def test_a_log_that_cannot_be_written_ends_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even the log can be opened, or takes no more, the run is served all the same and its end is said."""
    real = Path.open

    def opened(self: Path, mode: str = "r", *arguments: object) -> object:
        return full() if self.name == "log.txt" else real(self, mode, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(train_loop, "run_job", full)
    monkeypatch.setattr("traceback.print_exc", full)
    assert "The disk is full" in served(home, 1)["message"]


@pytest.mark.parametrize("error", [MemoryError(), tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")])
def test_a_run_without_memory_ends_with_a_sentence(home: Home, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Whether Python or TensorFlow has none left: it fails, says what to do, and is no death that is tried again."""

    def refuse(channel: Channel, home: Home) -> None:
        raise error

    monkeypatch.setattr(train_loop, "run_job", refuse)
    end = served(home, 1)
    assert end["state"] == "failed"
    assert "Try a smaller batch or image size" in end["message"]
