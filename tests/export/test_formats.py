"""The formats in which a run can be taken home: each entry is whole, makes its file, and is told in the docs."""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowerlab.export.formats import FORMATS, ZIP
from flowerlab.export.take_home import file_name, take_home
from flowerlab.lab import Lab
from flowerlab.tasks import Task
from tests.support.runs import add_finished

DOCS = Path(__file__).parents[2] / "docs" / "take-home.md"
MODEL = b"a model"
# What a file of a media type must be.
LOOKS_RIGHT: dict[str, Callable[[bytes], object]] = {
    "application/x-ipynb+json": lambda data: json.loads(data)["cells"],
    "text/x-python": lambda data: ast.parse(data).body,
    "text/html": lambda data: data.startswith(b"<!DOCTYPE html>"),
    "application/octet-stream": lambda data: data.endswith(MODEL),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_entry_is_complete(name: str) -> None:
    """It has its own name, a button, a sentence that names nothing but the classes, and one suffix and one media type that fit."""
    entry = FORMATS[name]
    assert entry.name == name
    assert re.fullmatch(r"[a-z]+", name)
    assert re.fullmatch(r"\.[a-z]+", entry.suffix)
    assert entry.suffixes[-1] == entry.suffix
    assert entry.title[0].isupper()
    assert entry.words.format(order="roses").endswith(".")
    assert entry.mime in LOOKS_RIGHT
    assert [one.name for one in FORMATS.values() if one.suffix == entry.suffix] == [name]


@pytest.mark.parametrize("name", FORMATS)
def test_every_entry_makes_its_file(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The file has the name that the page offers, and is what its media type says; a model that is not the run's own is converted."""

    def converted(task: Task[Any], role: str, request: dict[str, Any], **_: Any) -> dict[str, Any]:
        Path(request["file"]).write_bytes(request["to"].encode() + MODEL)
        return {"difference": 0.001}

    monkeypatch.setattr("flowerlab.tasks.convert_model.done_by_process", converted)
    run, entry = add_finished(lab.home, "A run", dataset="tf_flowers"), FORMATS[name]
    lab.home.model(run.id).write_bytes(MODEL)
    for suffix in entry.suffixes:
        target = tmp_path / file_name(run, suffix)
        made = take_home(lab, run, entry, target)
        data = target.read_bytes()
        if suffix == ZIP:
            with zipfile.ZipFile(target) as archive:
                data = archive.read(target.with_suffix(entry.suffix).name)
        assert LOOKS_RIGHT[entry.mime](data)
        converts = entry.converts(lab.home.model(run.id))
        assert (made.difference, made.photos) == ((0.001, 50) if converts else (None, 0))
        assert data.startswith(name.encode()) == converts


@pytest.mark.parametrize("name", FORMATS)
def test_the_docs_tell_of_every_format(name: str) -> None:
    """docs/take-home.md has each format in its command and in its table, with its suffixes."""
    text, suffixes = DOCS.read_text(encoding="utf-8"), ", ".join(f"`{suffix}`" for suffix in FORMATS[name].suffixes)
    assert f"--to {'|'.join(FORMATS)} --out" in text
    assert f"| `{name}` | {suffixes} | " in text
