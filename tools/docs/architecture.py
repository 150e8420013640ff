"""Writes the table of rooms into docs/architecture.md: the floors of pyproject.toml, each folder with its own first sentence.

    python -m tools.docs.architecture

A test holds that the page is as this writes it.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms: python -m tools.docs.architecture -->\n", "<!-- end of rooms -->\n"


def first_sentence(module: Path) -> str:
    """Returns the first line of a module's or a package's docstring."""
    file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def rooms() -> str:
    """Returns the table, the top floor first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    floors = [[name.strip() for name in floor.split("|")] for floor in contracts[0]["layers"]]
    lines = ["| floor | room | what |", "| --- | --- | --- |"]
    for number, floor in zip(range(len(floors), 0, -1), floors, strict=True):
        for name in floor:
            sentence = first_sentence(ROOT / "flowerlab" / name).replace("|", "\\|")
            lines.append(f"| {number} | `{name}` | {sentence} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """Returns the page with the table as it is now."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + rooms() + END + rest.partition(END)[2]


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
