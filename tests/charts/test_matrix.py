"""Confusion matrices and their differences as ECharts options."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.charts.heatmap import Scale, cell_at, ink_on, luminance
from flowerlab.charts.matrix import (
    AMOUNT,
    DIFFERENCE,
    amount_scale,
    difference_options,
    difference_sentence,
    matrix_options,
    matrix_sentence,
    signed,
)
from flowerlab.evaluation.confusion import Cell, Unit

MATRIX = [[8, 2, 0], [1, 9, 0], [0, 5, 15]]
OTHER = [[9, 0, 1], [3, 7, 0], [0, 5, 15]]
NAMES = ("daisy", "roses", "tulips")
UNITS: tuple[Unit, ...] = ("counts", "rows", "columns")
NORMAL_TEXT_CONTRAST = 4.5
counts = some.lists(some.lists(some.integers(0, 500), min_size=4, max_size=4), min_size=4, max_size=4)


def drawn(unit: Unit, **options: Any) -> dict[str, Any]:
    """MATRIX in its options."""
    return matrix_options(MATRIX, NAMES, unit, scale=amount_scale([MATRIX], unit, dark=False), **options)


def cells(options: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells of a heatmap in reading order."""
    return list(options["series"][0]["data"])


def texts(options: dict[str, Any]) -> list[str]:
    """What is written in the cells."""
    return [cell["label"]["formatter"] for cell in cells(options)]


def test_cells_say_photos_or_percent() -> None:
    """Photos, percent of the row or percent of the column; an empty column has no percent."""
    assert texts(drawn("counts")) == ["8", "2", "0", "1", "9", "0", "0", "5", "15"]
    assert texts(drawn("rows"))[6:] == ["0", "25", "75"]
    assert [texts(drawn("columns"))[place] for place in (1, 4, 7)] == ["12", "56", "31"]
    empty = matrix_options([[3, 0], [2, 0]], NAMES[:2], "columns", scale=amount_scale([], "columns", dark=False))
    assert texts(empty) == ["60", "–", "40", "–"]


def test_a_click_names_its_cell() -> None:
    """The index that ECharts gives for a click is that of the row (truth) and column (answer) drawn there, each selectable alone."""
    found = cells(drawn("counts"))
    for index, cell in enumerate(found):
        truth, answer = cell_at(index, 3)
        assert cell["value"][:2] == [answer, truth]
        assert cell["value"][2] == MATRIX[truth][answer]
    assert len({cell["name"] for cell in found}) == 9
    assert drawn("counts")["series"][0]["selectedMode"] == "single"
    assert drawn("counts", opens=False)["series"][0]["selectedMode"] is False


def test_rows_are_the_truth_from_top_to_bottom() -> None:
    """The vertical axis is the truth, its first class on top; the horizontal one is the answer; hover tells a cell in words."""
    options = drawn("rows")
    assert options["yAxis"]["inverse"] is True
    assert options["yAxis"]["data"] == list(NAMES)
    assert [name["style"]["text"] for name in options["graphic"]] == ["answer", "truth"]
    assert cells(options)[7]["value"][3] == "5 of 20 photos of tulips were called roses (25.0 % of the true class)"


def test_the_open_cell_is_framed() -> None:
    """A frame lies on the open cell and on no other, and never takes the click from the cell under it."""
    options = drawn("rows", opened=Cell(2, 1))
    (frame,) = options["series"][1]["data"]
    assert frame["value"][:2] == [1, 2]
    assert options["series"][1]["silent"]
    assert [place for place, cell in enumerate(cells(options)) if "select" in cell] == [7]
    assert drawn("rows")["series"][1]["data"] == []


@pytest.mark.parametrize(("classes", "step"), [(5, 1), (14, 1), (15, 2), (50, 4)])
def test_names_of_many_classes_do_not_collide(classes: int, step: int) -> None:
    """At most 14 names are written on an axis; every cell tells its classes on hover."""
    names = [f"kind {number}" for number in range(classes)]
    options = matrix_options([[1] * classes] * classes, names, "counts", scale=amount_scale([], "counts", dark=False))
    assert options["xAxis"]["axisLabel"]["interval"] == options["yAxis"]["axisLabel"]["interval"] == step - 1
    assert -(-classes // step) <= 14
    assert f"kind {classes - 1}" in cells(options)[-1]["value"][3]


def test_matrices_side_by_side_share_one_scale() -> None:
    """All matrices get the same range of colours: up to the largest count of all, or to 100 %."""
    small = [[1, 0], [0, 1]]
    assert amount_scale([MATRIX, small], "counts", dark=False).high == 15
    assert amount_scale([MATRIX, small], "rows", dark=False).high == 100
    assert amount_scale([[[0]]], "counts", dark=True).high == 1
    assert drawn("counts")["visualMap"]["max"] == 15


@given(counts, some.sampled_from(UNITS))
def test_cells_never_leave_the_scale(matrix: list[list[int]], unit: Unit) -> None:
    """Whatever was counted, no cell is below 0 or above the top of its scale."""
    scale = amount_scale([matrix], unit, dark=False)
    options = matrix_options(matrix, "abcd", unit, scale=scale)
    assert all(0 <= cell["value"][2] <= scale.high for cell in cells(options))


@given(counts, counts, some.sampled_from(UNITS))
def test_a_difference_is_centred_on_zero(first: list[list[int]], second: list[list[int]], unit: Unit) -> None:
    """The scale reaches equally far to either side, no cell leaves it, and B − A has the opposite sign in every cell."""
    options = difference_options(first, second, "abcd", unit)
    scale, values = options["visualMap"], [cell["value"][2] for cell in cells(options)]
    assert scale["min"] == -scale["max"] < 0
    assert max(map(abs, values)) <= scale["max"] + 1e-3
    turned = [cell["value"][2] for cell in cells(difference_options(second, first, "abcd", unit))]
    assert turned == [-value for value in values]


def test_differences_bear_their_sign() -> None:
    """A plus, a minus sign (not a hyphen), or a plain zero; nothing where there is no percent."""
    assert texts(difference_options(MATRIX, OTHER, NAMES, "counts")) == ["−1", "+2", "−1", "−2", "+2", "0", "0", "0", "0"]
    assert [signed(value, "rows") for value in (3.14, -0.04, 0.0, -12, float("nan"))] == ["+3.1", "0.0", "0.0", "−12.0", "–"]
    told = cells(difference_options(MATRIX, OTHER, NAMES, "rows"))[1]["value"][3]
    assert told == "daisy called roses: A 20.0 %, B 0.0 %, difference +20.0 points"


@given(some.sampled_from([*AMOUNT.values(), *DIFFERENCE.values()]), some.floats(-1, 1))
def test_numbers_can_be_read_on_every_colour(colours: tuple[str, ...], value: float) -> None:
    """Whatever the value, its number has a contrast of 4.5 : 1 or more on its cell, light and dark."""
    cell = luminance(Scale(-1, 1, colours).colour(value))
    ink = 1.0 if ink_on(Scale(-1, 1, colours).colour(value)) == "#ffffff" else 0.0
    light, dark = max(cell, ink), min(cell, ink)
    assert (light + 0.05) / (dark + 0.05) >= NORMAL_TEXT_CONTRAST


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_two_sides_of_a_difference_are_told_apart_without_hue(theme: str) -> None:
    """The middle is the end of lightness: both ends stand out from it by 3 : 1 or more for who sees no hue at all."""
    colours = DIFFERENCE[theme]
    middle, *ends = (luminance(Scale(-1, 1, colours).colour(value)) for value in (0, -1, 1))
    for end in ends:
        light, dark = max(end, middle), min(end, middle)
        assert (light + 0.05) / (dark + 0.05) >= 3


def test_matrix_sentence_names_the_largest_mistake() -> None:
    """The text alternative counts the diagonal and names the most frequent confusion."""
    sentence = matrix_sentence(MATRIX, NAMES)
    assert "32 of 40" in sentence
    assert "tulips called roses (5 photos)" in sentence
    assert "mistake" not in matrix_sentence([[3, 0], [0, 4]], NAMES[:2])


def test_difference_sentence_says_how_often_each_is_right() -> None:
    """The text alternative compares the diagonals and names the mistake in which the two differ most."""
    assert difference_sentence(MATRIX, OTHER, NAMES) == (
        "A is right on 32 photos, B on 31. The mistake in which they differ most: daisy called roses (+2)."
    )
    assert difference_sentence(MATRIX, MATRIX, NAMES) == "A is right on 32 photos, B on 32."


def test_options_are_plain() -> None:
    """ECharts options hold nothing but what JSON knows."""
    for options in (drawn("columns", opened=Cell(0, 0), dark=True), difference_options(MATRIX, OTHER, NAMES, "rows")):
        assert json.loads(json.dumps(options, allow_nan=False)) == options
