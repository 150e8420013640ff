"""The program as a notebook."""

from __future__ import annotations

import ast
import json
import re

import pytest

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.export.notebook import notebook
from flowerlab.export.program.script import script
from flowerlab.export.program.stages import Stage
from flowerlab.recipe.presets import preset_recipe

MINI = "vgg16_mini"
SOURCE = "0123456789ab"


@pytest.mark.parametrize("letter", ["A", "B", "C", "gently"])
def test_the_notebook_is_whole_and_says_the_same(letter: str) -> None:
    """It is nbformat 4.5 (each cell an id of its own, code without outputs), and its code is the script's, line by line."""
    source = {} if letter in "AB" else {"start_from": SOURCE}
    stages = [Stage(preset_recipe("B", architecture=MINI), FLOWERS)] if source else []
    stages.append(Stage(preset_recipe(letter, architecture=MINI, **source), FLOWERS))
    told = json.loads(notebook(stages, name="C *#3* <img src=x>", remark="Stopped."))
    assert set(told) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (told["nbformat"], told["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in told["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    keys = {"id", "cell_type", "metadata", "source"}
    for cell in told["cells"]:
        assert set(cell) == (keys | {"execution_count", "outputs"} if cell["cell_type"] == "code" else keys)
        assert all(line.endswith("\n") for line in cell["source"][:-1])
    words = "".join(told["cells"][0]["source"])
    assert words.startswith("# C \\*\\#3\\* \\<img src=x\\>\n")
    assert words.endswith("Stopped.")
    code = "\n".join("".join(cell["source"]) for cell in told["cells"] if cell["cell_type"] == "code")
    as_script = script(stages, name="C", remark="Stopped.")
    assert ast.dump(ast.parse(code)) == ast.dump(ast.parse(as_script))
