"""docs/architecture.md is the folders' own words."""

from __future__ import annotations

import re

from tools.docs.architecture import PAGE, ROOT, page, rooms


def test_the_page_has_every_room_in_its_own_words() -> None:
    """Each folder and file of the package stands in the table with its first sentence, as `python -m tools.docs.architecture` writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text)
    names = set(re.findall(r"`(\w+)` \|", rooms()))
    there = {path.stem for path in (ROOT / "flowerlab").iterdir() if path.name != "__init__.py" and path.name != "__pycache__"}
    assert names == there


def test_the_walk_names_what_is_there() -> None:
    """Every module that the page names is in the package."""
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"\b((?:ui|recipe|scheduler|engine|trainer|runs|charts)/[\w/]+)", text))
    assert len(named) > 10
    for name in named:
        path = ROOT / "flowerlab" / name
        assert path.is_dir() or path.with_suffix(".py").is_file(), name
