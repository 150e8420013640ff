"""docs/how-to-change.md names what is there."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT

RECIPES = [text for text in (ROOT / "docs" / "how-to-change.md").read_text(encoding="utf-8").split("\n\n") if text.startswith("**")]


def test_the_ten_changes_are_there() -> None:
    """Ten recipes, each of six lines at most."""
    assert len(RECIPES) == 10
    assert all(len(recipe.strip().splitlines()) <= 6 for recipe in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: re.findall(r"\*\*(.+?)\*\*", recipe)[0])
def test_its_files_are_there(recipe: str) -> None:
    """Every file and folder that a recipe names exists; NAME stands for a page that does."""
    paths = re.findall(r"`((?:flowerlab|pages|tests|tools)/[\w/.]+|pyproject\.toml)`", recipe)
    variables = re.findall(r"`FLOWERLAB_(\w+)`", recipe)
    assert paths or variables
    for path in paths:
        assert (ROOT / path.replace("NAME", "compare")).exists(), path
    settings = (ROOT / "flowerlab" / "settings.py").read_text(encoding="utf-8")
    for variable in variables:
        assert re.search(rf"^    {variable.lower()}: ", settings, re.M), variable
