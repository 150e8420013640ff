"""The program in plain Keras that rebuilds a recipe without Flowerlab, as a Jupyter notebook (nbformat 4.5)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from flowerlab.export.program.script import introduction
from flowerlab.export.program.sections import sections
from flowerlab.export.program.stages import Stage

MARKDOWN_SIGNS = "\\`*_{}[]()<>#+-!|~$&"


def notebook(stages: Sequence[Stage], *, name: str, remark: str = "") -> str:
    """Returns the program as the text of an .ipynb file: a cell of words and a cell of code for each step."""
    title, *texts = introduction(stages, name=name, remark=remark)
    cells = [_words(0, "\n\n".join([f"# {_as_it_is(title)}", *map(_as_it_is, texts)]))]
    for number, section in enumerate(sections(stages), start=1):
        cells.append(_words(number, f"## {number}. {_as_it_is(section.title)}\n\n{_as_it_is(section.text)}"))
        cells.append(_code(number, section.code))
    about = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    whole = {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _words(number: int, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": f"words-{number}", "metadata": {}, "source": _lines(text)}


def _code(number: int, text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"code-{number}",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": _lines(text),
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _as_it_is(text: str) -> str:
    """Escapes a text for Markdown."""
    return "".join(f"\\{sign}" if sign in MARKDOWN_SIGNS else sign for sign in text)
