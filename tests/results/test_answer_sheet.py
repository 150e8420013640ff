"""Answers to many photos, to be taken away."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from flowerlab.recipe.recipe import Recipe
from flowerlab.results.answer_sheet import Row, answers_csv, contact_sheet
from flowerlab.results.answers import Answer
from flowerlab.runs.events import Result
from flowerlab.runs.run import Run, RunState


def answer(
    run: str,
    classes: tuple[str, ...],
    probabilities: tuple[float, ...],
    *,
    temperature: float | None = None,
    unknown_below: float | None = None,
) -> Answer:
    """What a run of this name says about a photo."""
    result = Result(
        classes=classes,
        best_epoch=0,
        epochs_run=1,
        val_accuracy=0.5,
        test_accuracy=None,
        test_photos=0,
        total_parameters=1,
        trainable_parameters=1,
        seconds=1,
        seconds_training=1,
        cached_features=False,
        unknown_below=unknown_below,
    )
    done = Run("0" * 12, 1, run, Recipe(), RunState.DONE, 1, 0.0, None, None, "", 0, result)
    return Answer(done, probabilities, temperature)


def picture(colour: str) -> bytes:
    """A small JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(file, "JPEG")
    return file.getvalue()


def row(name: str, *answers: Answer, colour: str = "red") -> Row:
    """One photo."""
    return Row(name, "roses", picture(colour), answers)


def test_the_table_has_a_row_a_photo_and_run() -> None:
    """With the probability of every class that any run knows; what is not known is empty."""
    # Four to one is two to one at the temperature 2.
    first = answer("B", ("daisy", "roses"), (0.2, 0.8), temperature=2.0, unknown_below=0.1)
    second = answer("own", ("roses", "tulips"), (0.1, 0.9))
    data = answers_csv([row("ä.jpg", first, second)])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == {
        "photo": "ä.jpg",
        "truth": "roses",
        "run": "B",
        "answer": "roses",
        "probability": "0.800000",
        "calibrated": "0.666667",
        "none_of_these": "false",
        "daisy": "0.200000",
        "roses": "0.800000",
        "tulips": "",
    }
    assert (rows[1]["answer"], rows[1]["calibrated"], rows[1]["none_of_these"], rows[1]["daisy"]) == ("tulips", "", "", "")


@pytest.mark.parametrize("name", ["=1+1.jpg", "+x.jpg", "-x.jpg", "@x.jpg"])
def test_no_name_is_a_formula(name: str) -> None:
    """A name that a spreadsheet would compute begins with a quotation mark."""
    (found,) = csv.DictReader(
        io.StringIO(answers_csv([row(name, answer(name, ("daisy", "roses"), (0.2, 0.8)))]).decode("utf-8-sig"))
    )
    assert found["photo"] == found["run"] == f"'{name}"


@pytest.mark.parametrize("count", [1, 5, 7])
def test_the_sheet_shows_every_photo(count: int) -> None:
    """Five in a row, each in its colour, with words below it."""
    said = answer("B", ("daisy", "roses"), (0.2, 0.8))
    data = contact_sheet([row(f"{number}.jpg", said, colour="#00a000") for number in range(count)], nothing="none")
    with Image.open(io.BytesIO(data)) as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    assert pixels.shape[1] == 200 * min(count, 5)
    green = (pixels[:, :, 1] > 120) & (pixels[:, :, 0] < 60)
    assert green.sum() == pytest.approx(count * 180 * 180, rel=0.02)
    height = pixels.shape[0] // -(-count // 5)
    assert (pixels[190:height, :200].max(axis=2) < 100).any()
