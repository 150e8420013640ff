"""docs/reliability.md names tests that are there."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT

NAMED = re.findall(
    r"`([\w/]*test_\w+\.py)`((?: \((?:`\w+`[^`)]*)+\))?)", (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("file", "names"), NAMED, ids=[f"{file} {number}" for number, (file, _names) in enumerate(NAMED)])
def test_its_tests_are_there(file: str, names: str) -> None:
    """Each promise names a file of tests, and parts of names of tests in it, that exist."""
    paths = [ROOT / file] if "/" in file else list((ROOT / "tests").rglob(file))
    assert paths
    assert all(path.is_file() for path in paths), file
    there = [name for path in paths for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)]
    for part in re.findall(r"`(\w+)`", names):
        assert any(part in name for name in there), f"{file}: {part}"
