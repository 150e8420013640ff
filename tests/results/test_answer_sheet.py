"""Answers to many photos, to be taken away."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from flowerlab.results.answer_sheet import Row, RunAnswer, answers_csv, contact_sheet


def picture(colour: str) -> bytes:
    """A small JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(file, "JPEG")
    return file.getvalue()


def row(name: str, *answers: RunAnswer, colour: str = "red") -> Row:
    """One photo."""
    return Row(name, "roses", picture(colour), answers)


def test_the_table_has_a_row_a_photo_and_run() -> None:
    """With the probability of every class that any run knows; what is not known is empty."""
    first = RunAnswer("B", ("daisy", "roses"), (0.2, 0.8), (0.4, 0.6), False)
    second = RunAnswer("own", ("roses", "tulips"), (0.1, 0.9))
    data = answers_csv([row("ä.jpg", first, second)])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == {
        "photo": "ä.jpg",
        "truth": "roses",
        "run": "B",
        "answer": "roses",
        "probability": "0.800000",
        "calibrated": "0.600000",
        "none_of_these": "false",
        "daisy": "0.200000",
        "roses": "0.800000",
        "tulips": "",
    }
    assert (rows[1]["answer"], rows[1]["calibrated"], rows[1]["none_of_these"], rows[1]["daisy"]) == (
        "tulips",
        "",
        "",
        "",
    )


@pytest.mark.parametrize("name", ["=1+1.jpg", "+x.jpg", "-x.jpg", "@x.jpg"])
def test_no_name_is_a_formula(name: str) -> None:
    """A name that a spreadsheet would compute begins with a quotation mark."""
    answer = RunAnswer(name, ("daisy", "roses"), (0.2, 0.8))
    (found,) = csv.DictReader(io.StringIO(answers_csv([row(name, answer)]).decode("utf-8-sig")))
    assert found["photo"] == found["run"] == f"'{name}"


@pytest.mark.parametrize("count", [1, 5, 7])
def test_the_sheet_shows_every_photo(count: int) -> None:
    """Five in a row, each in its colour, with words below it."""
    answer = RunAnswer("B", ("daisy", "roses"), (0.2, 0.8))
    data = contact_sheet([row(f"{number}.jpg", answer, colour="#00a000") for number in range(count)], nothing="none")
    with Image.open(io.BytesIO(data)) as sheet:
        pixels = np.asarray(sheet.convert("RGB")).astype(int)
    assert pixels.shape[1] == 200 * min(count, 5)
    green = (pixels[:, :, 1] > 120) & (pixels[:, :, 0] < 60)
    assert green.sum() == pytest.approx(count * 180 * 180, rel=0.02)
    height = pixels.shape[0] // -(-count // 5)
    assert (pixels[190:height, :200].max(axis=2) < 100).any()
