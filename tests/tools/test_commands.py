"""The commands of tools, as documents name them."""

from __future__ import annotations

import re
from importlib.util import find_spec

from tools import ROOT

NAMED = re.compile(r"python -m (tools[.\w]*\w)")


def test_every_command_that_is_named_is_there() -> None:
    """`python -m tools.…` in the Makefile, the README, the changelog, a document or a docstring names a module that can be run."""
    files = [ROOT / "Makefile", *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    files += [path for folder in ("flowerlab", "tools", "tests") for path in (ROOT / folder).rglob("*.py")]
    named = {(name, path) for path in files for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    assert len({name for name, _ in named}) > 20
    for name, path in named:
        found = find_spec(name)
        assert found is not None, (name, path)
        assert found.submodule_search_locations is None or find_spec(f"{name}.__main__"), (name, path)
