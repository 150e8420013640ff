"""Grids of recipes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.errors import BadRecipe
from flowerlab.recipe.grid import MOST_RUNS, grid, parse_axis


def test_an_axis_is_read() -> None:
    """Values have commas between; heads, which have commas themselves, colons."""
    assert parse_axis("learning_rate=1e-4, 1e-3") == ("learning_rate", ("1e-4", "1e-3"))
    assert parse_axis("Learning-Rate=1e-4") == ("learning_rate", ("1e-4",))
    assert parse_axis("head=50,20:128:none") == ("head", ("50,20", "128", "none"))
    assert parse_axis("dataset=folder:mine,garden") == ("dataset", ("folder:mine", "garden"))


@pytest.mark.parametrize("text", ["", "learning_rate", "learning_rate=", "=1", "lerning_rate=1", "start_from=abc", "head= : "])
def test_an_axis_without_knob_or_value_is_one_sentence(text: str) -> None:
    """What is no axis is refused with what was received."""
    with pytest.raises(BadRecipe, match=r"^knob: .*Received: "):
        parse_axis(text)


@given(st.text(max_size=40))
def test_any_text_is_an_axis_or_a_sentence(text: str) -> None:
    """No text makes it fail in another way."""
    try:
        name, values = parse_axis(text)
    except BadRecipe:
        return
    assert name
    assert values


def test_a_grid_has_every_combination_once() -> None:
    """The last axis changes fastest, what is not swept stays, and two spellings of one recipe are one run."""
    points = grid({"architecture": "vgg16_mini", "epochs": "3"}, [("learning_rate", ["1e-3", "1e-4"]), ("head", ["8", "50,20"])])
    assert [(point.recipe.learning_rate, point.recipe.head) for point in points] == [
        (1e-3, (8,)),
        (1e-3, (50, 20)),
        (1e-4, (8,)),
        (1e-4, (50, 20)),
    ]
    assert {point.recipe.epochs for point in points} == {3}
    assert points[1].name == "learning rate 0.001, head 50,20 #{number}"
    assert len(grid({}, [("learning_rate", ["0.001", "1e-3"])])) == 1


@pytest.mark.parametrize(
    ("base", "axes", "words"),
    [
        ({}, [], "at least once"),
        ({}, [("seed", ["1"]), ("seed", ["2"])], "once only"),
        ({"seed": "1"}, [("seed", ["2"])], "once only"),
        ({}, [("seed", [str(n) for n in range(MOST_RUNS + 1)])], "more than 100 runs"),
        ({}, [("epochs", ["0"])], "epochs"),
    ],
)
def test_a_bad_grid_is_one_sentence(base: dict[str, str], axes: list[tuple[str, list[str]]], words: str) -> None:
    """Nothing to vary, a knob twice, too many runs, a value that cannot be: a sentence each."""
    with pytest.raises(BadRecipe, match=words):
        grid(base, axes)
